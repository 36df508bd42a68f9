//! Every route of the SDK with every method.

use logto::web::Route;

use super::super::{Answer, Case, RunningApp, Setup};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Every route of the SDK with every method.
#[must_use]
pub fn methods() -> Vec<Case> {
    let mut cases = Vec::new();
    for route in Route::ALL.iter().map(|route| route.path()) {
        for method in METHODS {
            cases.push(Case::new(format!("{method} {route}"), async move |app| {
                answers(app, method, route, false).await;
            }));
        }
    }
    let by_get = Setup { configure: |config| config.with_sign_out_by_get(), ..Setup::default() };
    for method in METHODS {
        let name = format!("{method} /sign-out where a link may sign out");
        let case = Case::new(name, async move |app| {
            answers(app, method, "/sign-out", true).await;
        });
        cases.push(case.on(by_get));
    }
    cases.push(Case::new("HEAD of a page that begins a sign-in", async |app| {
        for kind in ["cors", "navigate"] {
            let mut visitor = app.visitor();
            let ask = visitor.ask("HEAD", "/hugging-face").header("sec-fetch-mode", kind);
            looks_only(&ask.send().await);
        }
    }));
    cases.push(Case::new("a script that signs out by GET", async |app| {
        let mut visitor = app.visitor();
        let answer = visitor.get("/sign-out").send().await;
        is_told_in_json(&answer);
    }));
    cases.push(Case::new("a page in the language of the visitor", async |app| {
        let mut visitor = app.visitor();
        let ask = visitor.get("/sign-out").navigating();
        let answer = ask.header("accept-language", "fr-CH, fr;q=0.9, en;q=0.8").send().await;
        assert_eq!(answer.header("content-language").as_deref(), Some("fr"));
        assert!(answer.text().contains("<html lang=\"fr\""), "{}", answer.text());
        assert!(answer.text().contains("Se déconnecter ?"), "{}", answer.text());
    }));
    cases
}

async fn answers(app: &RunningApp, method: &str, route: &str, sign_out_by_get: bool) {
    let mut visitor = app.visitor();
    let answer = visitor.ask(method, route).navigating().send().await;
    answer.is_not_stored();
    let allowed = match (route, sign_out_by_get) {
        ("/sign-out", true) => "GET, POST",
        ("/sign-out" | "/backchannel-logout" | "/webhooks/logto", _) => "POST",
        ("/sign-in/frame", _) => "GET, POST",
        _ => "GET",
    };
    match (method, route) {
        ("GET" | "POST", "/sign-out") if allowed.contains(method) => {
            // No one is signed in here, but perhaps at Logto.
            assert_eq!(answer.status, 303);
            assert!(answer.location().contains("/oidc/session/end?client_id="));
        }
        ("GET", "/callback") => is_a_page(&answer),
        ("POST", "/backchannel-logout") => {
            // There is no logout token.
            assert_eq!(answer.status, 400);
            answer.has_no_pending_cookies();
        }
        ("GET" | "POST", "/sign-in/frame") => {
            // No one may frame this app.
            assert_eq!(answer.status, 404);
            answer.has_no_pending_cookies();
        }
        ("POST", "/webhooks/logto") => {
            // There is no signing key.
            assert_eq!(answer.status, 404);
            answer.has_no_pending_cookies();
        }
        ("GET", "/sign-in" | "/sign-up") => {
            assert_eq!(answer.status, 303);
            assert!(!answer.cookie("logto_sign_in_").is_removal());
            let to_registration = answer.location().contains("first_screen=register");
            assert_eq!(to_registration, route == "/sign-up");
        }
        ("HEAD", _) if allowed.contains("GET") => looks_only(&answer),
        _ => {
            assert_eq!(answer.status, 405);
            assert_eq!(answer.header("allow").as_deref(), Some(allowed));
            answer.has_no_pending_cookies();
            match (method, route) {
                ("HEAD", _) => {}
                ("GET", "/sign-out") => has_the_button(&answer),
                (_, "/sign-in" | "/sign-up" | "/callback") => {
                    let link = "<a href=\"/sign-in?return_to=%2F\">Sign in</a>";
                    assert!(answer.text().contains(link), "{}", answer.text());
                }
                _ => is_told_in_json(&answer),
            }
        }
    }
}

fn is_told_in_json(answer: &Answer) {
    assert_eq!(answer.status, 405);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("the body is JSON");
    assert_eq!(body["error"], "method_not_allowed");
}

/// For a user who opens the address.
fn has_the_button(answer: &Answer) {
    let form =
        "<form method=\"post\" action=\"/sign-out?continue\"><button>Sign out</button></form>";
    assert!(answer.text().contains(form), "{}", answer.text());
    // Browsers that say no more of a form than its origin would not say it.
    assert_eq!(answer.header("referrer-policy").as_deref(), Some("same-origin"));
}

fn is_a_page(answer: &Answer) {
    assert_eq!(answer.status, 400);
    let kind = answer.header("content-type");
    assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
    assert!(answer.text().contains("href=\"/sign-in?return_to=%2F\""));
    answer.has_no_pending_cookies();
}

fn looks_only(answer: &Answer) {
    assert_eq!((answer.status, answer.text()), (204, String::new()));
    answer.has_no_pending_cookies();
}
