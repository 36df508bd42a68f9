//! Logto is away: no one is signed out by that.

use std::time::Duration;

use logto_local::{Endpoint, Fault};

use super::super::{Answer, Case};

/// Logto is away at the worst moment.
#[must_use]
pub fn outages() -> Vec<Case> {
    let mut cases = vec![
        Case::new("away before anyone signed in", async |app| {
            app.tenant.faults().down();
            let mut visitor = app.visitor();
            for route in ["/sign-in", "/sign-up", "/hugging-face"] {
                let answer = visitor.open(route).await;
                is_unavailable(&answer, true);
                answer.has_no_pending_cookies();
                is_unavailable(&visitor.get(route).send().await, false);
            }
            visitor.is_signed_out().await;
            app.tenant.faults().clear();
            // While there is nothing to go on with, Logto is asked every five seconds at most.
            app.pass(Duration::from_secs(5));
            visitor.sign_in("alice").await;
        }),
        Case::new("pages do not need Logto", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            app.tenant.faults().down();
            visitor.is_signed_in().await;
            assert_eq!(visitor.open("/nested/deep/page").await.status, 200);
        }),
        Case::new("away when someone signs out", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            app.tenant.faults().down();
            let answer = visitor.post("/sign-out").send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.text().contains("you may still be signed in there"));
            assert!(answer.cookie("logto_conformance").is_removal());
            visitor.is_signed_out().await;
        }),
        Case::new("userinfo is away", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            app.tenant.faults().set(Endpoint::Userinfo, Fault::Status(502));
            is_unavailable(&visitor.open("/info").await, true);
            visitor.is_signed_in().await;
        }),
        Case::new("userinfo is away when the session was renewed", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            visitor.let_the_token_end();
            app.tenant.faults().set(Endpoint::Userinfo, Fault::CutConnection);
            let answer = visitor.open("/info").await;
            is_unavailable(&answer, true);
            assert!(!answer.cookie("logto_conformance").is_removal());
            app.tenant.faults().clear();
            let next = visitor.open("/info").await;
            assert_eq!((next.status, next.text()), (200, app.alice()));
            next.has_no_pending_cookies();
        }),
    ];
    for (name, fault) in [
        ("cuts connections", Fault::CutConnection),
        ("answers 503", Fault::Status(503)),
        ("answers 429", Fault::Status(429)),
    ] {
        let case = format!("the token endpoint {name} at a callback");
        cases.push(Case::new(case, async move |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "alice").await;
            app.tenant.faults().set(Endpoint::Token, fault);
            let answer = visitor.open(&callback).await;
            is_unavailable(&answer, true);
            answer.has_no_pending_cookies();
            visitor.is_signed_out().await;
            app.tenant.faults().clear();
            assert_eq!(visitor.open(&callback).await.status, 303);
            visitor.is_signed_in().await;
        }));
        for page in ["/info", "/cookies", "/moves", "/fails", "/stream"] {
            let case = format!("the token endpoint {name} at {page}");
            cases.push(Case::new(case, async move |app| {
                let mut visitor = app.visitor();
                visitor.sign_in("alice").await;
                visitor.let_the_token_end();
                app.tenant.faults().set(Endpoint::Token, fault);
                for navigating in [true, false] {
                    let ask = visitor.get(page);
                    let ask = if navigating { ask.navigating() } else { ask };
                    let answer = ask.send().await;
                    is_unavailable(&answer, navigating);
                    answer.has_no_pending_cookies();
                }
                visitor.is_signed_in().await;
                app.tenant.faults().clear();
                let answer = visitor.open("/info").await;
                assert_eq!((answer.status, answer.text()), (200, app.alice()));
            }));
        }
    }
    cases
}

fn is_unavailable(answer: &Answer, page: bool) {
    assert_eq!(answer.status, 503, "{}", answer.summary(""));
    assert_eq!(answer.header("retry-after").as_deref(), Some("5"));
    answer.is_not_stored();
    let kind = if page { "text/html; charset=utf-8" } else { "application/json" };
    assert_eq!(answer.header("content-type").as_deref(), Some(kind));
}
