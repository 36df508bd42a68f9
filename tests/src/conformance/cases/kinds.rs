//! Redirect or 401: what a request without a session is told.

use super::super::{Answer, Case};

type Header = (&'static str, &'static str);

const HTML: Header = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const EVIL: Header = ("origin", "https://evil.example");
const CROSS_SITE: Header = ("sec-fetch-site", "cross-site");
/// What htmx sends where it takes the place of the browser.
const BOOSTED: Header = ("hx-boosted", "true");
const TURBO: Header = ("x-turbo-request-id", "b7");
const REFERRER: Header = ("referer", "http://localhost:3000/shown?tab=1");
/// Sign-in, and then the home page, or the page of [`REFERRER`].
const HOME: &str = "/sign-in?return_to=%2F";
const TO_SHOWN: &str = "/sign-in?return_to=%2Fshown%3Ftab%3D1";
const TO_SIGN_IN: &str = "/sign-in?return_to=%2Fpage%3Fa%3Db";

enum Told {
    /// 303 to sign-in and back to the page.
    SignIn,
    /// 401.
    Unauthorized,
    /// 401 with a page.
    Page,
    /// 401 with a page that Turbo shows in place of its own.
    InPlace,
    /// 401 with a page that leads on to an address.
    PageTo(&'static str),
    /// 401 with an address to sign in at.
    Script(&'static str),
    /// 401 with `HX-Redirect`.
    Htmx(&'static str),
    /// 401 with the content of a frame of Turbo, and the page to return to.
    Frame(&'static str),
}

/// Redirect or 401, by kind of request.
#[must_use]
pub fn kinds_of_request() -> Vec<Case> {
    use Told::{Frame, Htmx, InPlace, Page, PageTo, Script, SignIn, Unauthorized};
    let document = [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")];
    let fetch = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")];
    let frame = [("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")];
    let image = [("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")];
    let worker = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "same-origin")];
    let htmx = ("hx-request", "true");
    let table: Vec<(&str, &str, Vec<Header>, Told)> = vec![
        ("a navigation by Accept", "GET", vec![HTML], SignIn),
        ("a navigation by Sec-Fetch", "GET", document.to_vec(), SignIn),
        ("a navigation by both", "GET", [&[HTML], &document[..]].concat(), SignIn),
        ("HEAD of a page", "HEAD", vec![HTML], SignIn),
        ("HEAD of a script", "HEAD", vec![], Unauthorized),
        ("nothing said", "GET", vec![], Unauthorized),
        ("JSON wanted", "GET", vec![("accept", "application/json")], Unauthorized),
        ("anything wanted", "GET", vec![("accept", "*/*")], Unauthorized),
        ("a fetch", "GET", [&[("accept", "*/*")], &fetch[..]].concat(), Script(HOME)),
        (
            "a fetch of a page of the app",
            "GET",
            [&[("accept", "*/*"), REFERRER], &fetch[..]].concat(),
            Script(TO_SHOWN),
        ),
        (
            "a fetch of a page of another origin",
            "GET",
            [&[("accept", "*/*"), ("referer", "https://evil.example/")], &fetch[..]].concat(),
            Script(HOME),
        ),
        ("a fetch of HTML", "GET", [&[HTML], &fetch[..]].concat(), Unauthorized),
        ("a frame", "GET", [&[HTML], &frame[..]].concat(), Page),
        ("an image", "GET", [&[HTML], &image[..]].concat(), Unauthorized),
        ("XMLHttpRequest", "GET", vec![HTML, ("x-requested-with", "XMLHttpRequest")], Unauthorized),
        ("an Android web view", "GET", vec![HTML, ("x-requested-with", "com.example.app")], SignIn),
        ("a service worker", "GET", [&[HTML], &worker[..]].concat(), SignIn),
        ("an upgrade to HTTP/2", "GET", vec![HTML, ("upgrade", "h2c")], SignIn),
        ("a preview of Safari", "GET", vec![HTML, ("x-purpose", "preview")], Unauthorized),
        ("a prefetch of Firefox", "GET", vec![HTML, ("x-moz", "prefetch")], Unauthorized),
        ("a prefetch", "GET", vec![HTML, ("sec-purpose", "prefetch")], Unauthorized),
        ("a prerender", "GET", vec![HTML, ("sec-purpose", "prefetch;prerender")], Unauthorized),
        ("a prefetch of old", "GET", vec![HTML, ("purpose", "prefetch")], Unauthorized),
        (
            "a WebSocket",
            "GET",
            vec![HTML, ("connection", "Upgrade"), ("upgrade", "websocket")],
            Unauthorized,
        ),
        ("htmx without a page", "GET", vec![HTML, htmx], Htmx(TO_SIGN_IN)),
        (
            "htmx on a page of the app",
            "GET",
            vec![htmx, ("hx-current-url", "http://localhost:3000/shown?tab=1")],
            Htmx(TO_SHOWN),
        ),
        (
            "a link that htmx follows",
            "GET",
            [&[htmx, BOOSTED, REFERRER, ("accept", "*/*")], &fetch[..]].concat(),
            Htmx(TO_SIGN_IN),
        ),
        ("a page that Turbo loads", "GET", [&[HTML, TURBO], &fetch[..]].concat(), Unauthorized),
        (
            "a frame of Turbo",
            "GET",
            [&[HTML, TURBO, ("turbo-frame", "box"), REFERRER], &fetch[..]].concat(),
            Frame("%2Fshown%3Ftab%3D1"),
        ),
        (
            "a frame of Turbo, ahead of time",
            "GET",
            [&[HTML, ("turbo-frame", "box"), ("x-sec-purpose", "prefetch")], &fetch[..]].concat(),
            Unauthorized,
        ),
        ("a preload of htmx", "GET", vec![HTML, ("hx-preloaded", "true")], Unauthorized),
        ("a prefetch of Turbo", "GET", vec![HTML, ("x-sec-purpose", "prefetch")], Unauthorized),
        (
            "htmx on a page of another origin",
            "GET",
            vec![htmx, ("hx-current-url", "https://evil.example/shown")],
            Htmx(HOME),
        ),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(name, method, headers, told)| {
            Case::new(name, async move |app| {
                let mut visitor = app.visitor();
                let ask = visitor.ask(method, "/page?a=b").headers(&headers);
                is_told(&ask.send().await, method, &told);
            })
        })
        .collect();
    let shown = ("hx-current-url", "http://localhost:3000/shown");
    for (name, headers, told) in [
        ("a form that is posted", vec![HTML, REFERRER], PageTo(TO_SHOWN)),
        ("a form of a page that is not said", vec![HTML], PageTo(HOME)),
        (
            "a form that another site posts",
            [&[HTML, EVIL, CROSS_SITE], &document[..]].concat(),
            PageTo("/"),
        ),
        ("a form that another site posts from an old browser", vec![HTML, EVIL], PageTo("/")),
        ("a form that Turbo posts", [&[HTML, TURBO], &fetch[..]].concat(), InPlace),
        (
            "a form in a frame of Turbo",
            [&[HTML, TURBO, ("turbo-frame", "box"), REFERRER], &fetch[..]].concat(),
            Frame("%2Fshown%3Ftab%3D1"),
        ),
        ("a form that htmx posts", vec![htmx], Htmx(HOME)),
        (
            "a form that htmx sends in place of the browser",
            vec![htmx, BOOSTED, shown],
            Htmx("/sign-in?return_to=%2Fshown"),
        ),
    ] {
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            let ask = visitor.ask("POST", "/echo").headers(&headers).body("a=b");
            is_told(&ask.send().await, "POST", &told);
        }));
    }
    cases
}

fn is_told(answer: &Answer, method: &str, told: &Told) {
    answer.is_not_stored();
    answer.has_no_pending_cookies();
    let hx_redirect = answer.header("hx-redirect");
    if matches!(told, Told::SignIn) {
        assert_eq!((answer.status, answer.location().as_str()), (303, TO_SIGN_IN));
        assert_eq!(hx_redirect, None);
        return;
    }
    assert_eq!((answer.status, answer.header("location")), (401, None));
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge.as_deref(), Some("Bearer realm=\"http://localhost:3000\""));
    let kind = answer.header("content-type");
    if let Told::Frame(page) = told {
        assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
        assert!(answer.text().contains("<turbo-frame id=\"box\">"), "{}", answer.text());
        assert!(answer.text().contains(&format!("href=\"/sign-in?return_to={page}\"")));
        return;
    }
    if let Told::Page | Told::InPlace | Told::PageTo(_) = told {
        assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
        assert!(answer.text().contains("<h1>") && answer.text().contains("<a href="));
        // With that, Turbo would load the page with the form again.
        let is_in_place = !answer.text().contains("turbo-visit-control");
        assert_eq!(is_in_place, matches!(told, Told::InPlace), "{}", answer.text());
        if let Told::PageTo(address) = told {
            let link = format!("<a href=\"{address}\"");
            assert!(answer.text().contains(&link), "{}", answer.text());
        }
        return;
    }
    assert_eq!(kind.as_deref(), Some("application/json"));
    if method != "HEAD" {
        assert!(answer.text().contains("\"unauthenticated\""), "{}", answer.text());
        let address = if let Told::Script(address) = told {
            format!("{address}\"")
        } else {
            "/sign-in?return_to=".to_owned()
        };
        assert!(
            answer.text().contains(&format!("\"sign_in_url\":\"{address}")),
            "{}",
            answer.text()
        );
    }
    match told {
        Told::Htmx(address) => assert_eq!(hx_redirect.as_deref(), Some(*address)),
        _ => assert_eq!(hx_redirect, None),
    }
}
