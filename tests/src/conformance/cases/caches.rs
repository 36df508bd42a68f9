//! What caches may keep of a response, and how scripts leave for Logto.

use super::super::Case;

/// Caching headers by what the route asks for.
#[must_use]
pub fn caches() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, path, caching) in [
        ("a page for everyone that asks who is there", "/hello", Some("private")),
        ("a protected page", "/page", Some("no-store")),
        ("a page that does not ask", "/plain", Some("max-age=60")),
    ] {
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.open(path).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("cache-control").as_deref(), caching);
            let vary = answer.header("vary").is_some_and(|vary| vary.contains("Cookie"));
            assert_eq!(vary, path != "/plain");
        }));
    }
    cases
}

/// How a request that follows no redirect to another origin is sent to Logto.
#[must_use]
pub fn leaving() -> Vec<Case> {
    let fetch = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")];
    vec![
        Case::new("htmx follows a link to sign-in", async |app| {
            let mut visitor = app.visitor();
            let answer = visitor.get("/sign-in").header("hx-request", "true").send().await;
            assert_eq!(answer.status, 200);
            let to = answer.header("hx-redirect").expect("an address");
            assert!(to.contains("/oidc/auth?"), "{to}");
            let callback = app.at_logto(&to, "alice").await;
            assert_eq!(visitor.open(&callback).await.status, 303);
            visitor.is_signed_in().await;
        }),
        Case::new("htmx signs out", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.post("/sign-out").header("hx-request", "true").send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.header("hx-redirect").is_some_and(|to| to.contains("/session/end")));
            visitor.is_signed_out().await;
        }),
        Case::new("a script signs out", async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let ask = visitor.post("/sign-out").header("accept", "*/*");
            let answer = ask.headers(&fetch).send().await;
            assert_eq!(answer.status, 200);
            let text = answer.text();
            assert!(text.contains("\"redirect_to\":") && text.contains("/session/end"), "{text}");
            visitor.is_signed_out().await;
        }),
        Case::new("an XMLHttpRequest signs in and out", async |app| {
            let mut visitor = app.visitor();
            let script = [("x-requested-with", "XMLHttpRequest"), ("accept", "*/*")];
            let answer = visitor.get("/sign-in").headers(&script).send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.text().contains("/oidc/auth?"), "{}", answer.text());
            visitor.sign_in("alice").await;
            let answer = visitor.post("/sign-out").headers(&script).send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.text().contains("/session/end"), "{}", answer.text());
            visitor.is_signed_out().await;
        }),
        Case::new("a form signs out where it must not be redirected", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let form = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
            let answer = visitor.post("/sign-out?continue").headers(&form).send().await;
            assert_eq!(answer.status, 200);
            let refresh = answer.header("refresh").unwrap_or_default();
            let logto = refresh.strip_prefix("0; url=").expect("it goes on by itself");
            assert!(logto.contains("/session/end?client_id="), "{refresh}");
            let link = format!("<a href=\"{}\">", logto.replace('&', "&amp;"));
            assert!(answer.text().contains(&link), "{}", answer.text());
            visitor.is_signed_out().await;
        }),
        Case::new("Turbo signs out", async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let turbo = ("accept", "text/vnd.turbo-stream.html, text/html");
            let answer = visitor.post("/sign-out").headers(&[turbo]).headers(&fetch).send().await;
            assert_eq!((answer.status, answer.location().as_str()), (303, "/sign-out?continue"));
            let page = visitor.get("/sign-out?continue").headers(&[turbo]).headers(&fetch);
            let page = page.send().await;
            assert_eq!(page.status, 200);
            assert!(page.text().contains("turbo-visit-control"));
            let on = visitor.open("/sign-out?continue").await;
            assert!(on.status == 303 && on.location().contains("/session/end"));
            visitor.is_signed_out().await;
        }),
    ]
}
