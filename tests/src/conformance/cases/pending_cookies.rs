//! Pending cookies reach the browser, whatever the app answers.

use super::super::{Answer, Case, Visitor};

/// Pending cookies reach the browser, whatever the app answers.
#[must_use]
pub fn pending_cookies() -> Vec<Case> {
    let mut cases = vec![
        Case::new("the app's own cookies stay beside ours", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            visitor.let_the_token_end();
            let answer = visitor.open("/cookies").await;
            is_paid(&answer);
            for name in ["app-one", "app-two"] {
                assert_eq!(answer.cookie(name).attributes, "Path=/");
            }
        }),
        Case::new("the app's own cookies stay where nothing is pending", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.open("/cookies").await;
            let names: Vec<_> = answer.cookies().into_iter().map(|cookie| cookie.name).collect();
            assert_eq!(names, ["app-one", "app-two"]);
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        }),
        Case::new("two requests with the old token", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            visitor.let_the_token_end();
            let mut late = visitor.clone();
            app.tenant.clear_requests();
            is_paid(&visitor.open("/info").await);
            is_paid(&late.open("/info").await);
            let sent = app.tenant.requests();
            let renewals = sent.iter().filter(|request| request.path == "/oidc/token");
            assert_eq!(renewals.count(), 1);
        }),
    ];
    for (page, status) in [("/info", 200), ("/cookies", 200), ("/moves", 303), ("/fails", 418)] {
        for method in ["GET", "HEAD"] {
            let name = format!("a renewed session, sent with {method} {page}");
            cases.push(Case::new(name, async move |app| {
                let mut visitor = app.visitor();
                visitor.sign_in("alice").await;
                visitor.let_the_token_end();
                let ask = visitor.ask(method, page).navigating();
                let answer = match (method, page) {
                    // What else goes with HEAD and an error is the framework's own affair.
                    ("HEAD", "/fails") => ask.send_off_record().await,
                    _ => ask.send().await,
                };
                assert_eq!(answer.status, status, "{}", answer.summary(""));
                is_paid(&answer);
                // The new session is in use, so nothing is pending any more.
                let next = visitor.open("/info").await;
                assert_eq!((next.status, next.text()), (200, app.alice()));
                next.has_no_pending_cookies();
            }));
        }
    }
    for page in ["/info", "/cookies", "/moves", "/fails", "/stream"] {
        for navigating in [true, false] {
            let kind = if navigating { "a user" } else { "a script" };
            let name = format!("a session that Logto ended, told to {kind} at {page}");
            cases.push(Case::new(name, async move |app| {
                let mut visitor = app.visitor();
                visitor.sign_in("alice").await;
                app.tenant.revoke_grants("alice").expect("alice is known");
                visitor.let_the_token_end();
                ends(&mut visitor, page, navigating).await;
                visitor.is_signed_out().await;
            }));
        }
    }
    cases
}

fn is_paid(answer: &Answer) {
    let session = answer.cookie("logto_conformance");
    assert!(!session.is_removal(), "{}", answer.summary(""));
    answer.is_not_stored();
}

async fn ends(visitor: &mut Visitor<'_>, page: &str, navigating: bool) {
    let ask = visitor.get(page);
    let ask = if navigating { ask.navigating() } else { ask };
    let answer = ask.send().await;
    assert!(answer.cookie("logto_conformance").is_removal());
    answer.is_not_stored();
    if navigating {
        let page = page.replace('/', "%2F");
        let to_sign_in = format!("/sign-in?return_to={page}");
        assert_eq!((answer.status, answer.location()), (303, to_sign_in));
    } else {
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains("unauthenticated"));
    }
}
