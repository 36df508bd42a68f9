//! Signing out, and what does not sign anyone out.

use logto_local::Stop;

use super::super::{Answer, Case, RunningApp, Setup};

/// Signing out, and what does not sign anyone out.
#[must_use]
pub fn signing_out() -> Vec<Case> {
    let mut cases = vec![
        Case::new("out of the app and out of Logto", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let mut browser = app.tenant.browser();
            let callback = browser.sign_in(&address, "alice").await.expect("a callback");
            visitor.open(&callback).await;
            let answer = visitor.post("/sign-out").send().await;
            is_over(app, &answer);
            let forgotten = answer.header("clear-site-data");
            assert_eq!(forgotten.as_deref(), Some("\"prefetchCache\", \"prerenderCache\""));
            let back = browser.sign_out(&answer.location()).await.expect("Logto goes on");
            assert_eq!(back, Stop::App("http://localhost:3000/".to_owned()));
            let sent = app.tenant.requests();
            assert!(sent.iter().any(|request| request.path == "/oidc/token/revocation"));
            visitor.is_signed_out().await;
        }),
        Case::new("by a form with fields", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let form = ("content-type", "application/x-www-form-urlencoded");
            let ask = visitor.post("/sign-out").navigating().headers(&[form]);
            is_over(app, &ask.body("token=1").send().await);
            visitor.is_signed_out().await;
        }),
        Case::new("by a link, where that is not wanted", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            assert_eq!(visitor.open("/sign-out").await.status, 405);
            visitor.is_signed_in().await;
        }),
        Case::new("no user is signed in", async |app| {
            let answer = app.visitor().post("/sign-out").send().await;
            assert_eq!(answer.status, 303);
            assert!(answer.location().contains("/oidc/session/end?client_id="));
            assert!(answer.cookie("logto_conformance").is_removal());
        }),
        Case::new("a session that cannot be read", async |app| {
            let mut visitor = app.visitor();
            visitor.give_cookie("logto_conformance", "1garbage");
            let answer = visitor.post("/sign-out").send().await;
            assert!(answer.cookie("logto_conformance").is_removal());
            assert!(visitor.cookie_names().is_empty());
        }),
    ];
    for (name, headers) in [
        ("by a page of this app, as the browser says", vec![("sec-fetch-site", "same-origin")]),
        ("by a bookmark", vec![("sec-fetch-site", "none")]),
        (
            "by a page that hides its origin",
            vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
        ),
        ("by an old browser", vec![("referer", "http://localhost:3000/page")]),
        ("by an older Safari that hides the page's origin", vec![("origin", "null")]),
        ("by a program", vec![]),
    ] {
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.ask("POST", "/sign-out").headers(&headers).send().await;
            is_over(app, &answer);
            visitor.is_signed_out().await;
        }));
    }
    let evil = "https://evil.example";
    for (name, headers) in [
        ("a form of another site", vec![("origin", evil), ("sec-fetch-site", "cross-site")]),
        ("a form of another port", vec![("origin", "http://localhost:4000")]),
        ("a form of the same host with https", vec![("origin", "https://localhost:3000")]),
        ("a form of a sibling app", vec![("sec-fetch-site", "same-site")]),
        ("a form of another site without origin", vec![("sec-fetch-site", "cross-site")]),
        (
            "a form of a page elsewhere that hides its origin",
            vec![("origin", "null"), ("referer", "https://evil.example/")],
        ),
        ("a form of a page elsewhere", vec![("referer", "https://evil.example/")]),
    ] {
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.ask("POST", "/sign-out").headers(&headers).send().await;
            is_refused(&answer);
            let user = visitor.ask("POST", "/sign-out").headers(&headers);
            let answer = user.header("accept", "text/html").send().await;
            is_told_to_a_user(&answer);
            visitor.is_signed_in().await;
        }));
    }
    let by_get = Setup { configure: |config| config.with_sign_out_by_get(), ..Setup::default() };
    for (name, headers, signs_out) in [
        ("a link, where that is wanted", vec![("sec-fetch-site", "same-origin")], true),
        ("a link that is only prefetched", vec![("sec-purpose", "prefetch")], false),
    ] {
        let case = Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let ask = visitor.get("/sign-out").navigating().headers(&headers);
            let answer = ask.send().await;
            if signs_out {
                is_over(app, &answer);
                visitor.is_signed_out().await;
            } else {
                assert_eq!(answer.status, 403);
                visitor.is_signed_in().await;
            }
        });
        cases.push(case.on(by_get));
    }
    cases
}

/// Signed out here, and on the way to Logto.
fn is_over(app: &RunningApp, answer: &Answer) {
    let logto = format!(
        "{}/oidc/session/end?client_id=conformance&post_logout_redirect_uri={}",
        app.tenant.endpoint(),
        "http%3A%2F%2Flocalhost%3A3000%2F"
    );
    assert_eq!((answer.status, answer.location()), (303, logto));
    let removed = answer.cookie("logto_conformance");
    assert_eq!(removed.attributes, "Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    answer.is_not_stored();
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.summary(""));
    assert!(answer.text().contains("\"wrong_origin\""));
    answer.is_not_stored();
    answer.has_no_pending_cookies();
}

fn is_told_to_a_user(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.summary(""));
    let way_on = "<a href=\"http://localhost:3000/\">Continue</a>";
    assert!(answer.text().contains(way_on), "{}", answer.text());
    answer.is_not_stored();
    answer.has_no_pending_cookies();
}
