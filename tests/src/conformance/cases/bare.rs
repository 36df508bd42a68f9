//! The middleware is missing: every request is refused, no one counts as a visitor. The routes are
//! missing: a page says so.

use super::super::{Case, Setup};

/// The middleware is missing.
#[must_use]
pub fn without_middleware() -> Vec<Case> {
    let bare = Setup { bare: true, ..Setup::default() };
    let mut cases = Vec::new();
    for (asks_for, path) in [
        ("MaybeUser", "/hello"),
        ("User", "/page"),
        ("User in a nested mount", "/nested/deep/page"),
        ("Auth", "/state"),
        ("User with a body", "/echo"),
    ] {
        let name = format!("{asks_for} without the middleware");
        let case = Case::new(name, async move |app| {
            if app.refused_to_start() {
                return;
            }
            let method = if path == "/echo" { "POST" } else { "GET" };
            let mut visitor = app.visitor();
            for signed_in in [false, true] {
                if signed_in {
                    visitor.sign_in("alice").await;
                }
                for navigating in [false, true] {
                    let ask = visitor.ask(method, path);
                    let ask = if navigating { ask.navigating() } else { ask };
                    let answer = ask.send().await;
                    assert_eq!(answer.status, 500, "{}", answer.summary(""));
                    assert!(answer.text().contains("\"logto_not_mounted\""));
                    answer.is_not_stored();
                    answer.has_no_pending_cookies();
                }
            }
        });
        cases.push(case.on(bare));
    }
    let plain = Case::new("no extractor without the middleware", async |app| {
        if !app.refused_to_start() {
            assert_eq!(app.visitor().open("/plain").await.status, 200);
        }
    });
    cases.push(plain.on(bare));
    cases
}

/// The SDK's routes are missing.
#[must_use]
pub fn without_routes() -> Vec<Case> {
    let setup = Setup { without_routes: true, ..Setup::default() };
    let case = Case::new("the SDK's routes were forgotten", async |app| {
        for path in ["/sign-in", "/callback?code=a&state=b"] {
            let answer = app.visitor().open(path).await;
            assert_eq!(answer.status, 404, "{}", answer.summary(""));
            // The page escapes the apostrophe.
            assert!(answer.text().contains("log says what to add."));
        }
    });
    vec![case.on(setup)]
}
