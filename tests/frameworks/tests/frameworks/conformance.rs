//! The conformance suite on the routers of the three frameworks.

use dioxus::fullstack::{FullstackContext, ServerFnError};
use logto_axum::MaybeUser;
use logto_framework_tests::drivers;
use logto_tests::conformance::adapters::axum::Axum;
use logto_tests::conformance::{Case, Driver, cases, check};

#[test]
fn leptos_and_dioxus_answer_as_axum_does() {
    check(&[Driver::of::<Axum>(), drivers::leptos(), drivers::dioxus()], &cases::all());
}

/// Loco adds headers of its own to every answer, so its answers are not compared with others.
#[test]
fn loco_passes_every_case() {
    check(&[drivers::loco()], &cases::all());
}

#[test]
fn a_token_that_is_renewed_while_a_page_streams_is_not_lost() {
    let case = Case::new("renewed while it streams", async |app| {
        let mut visitor = app.visitor();
        visitor.sign_in("alice").await;
        visitor.let_the_token_end();
        app.tenant.clear_requests();

        let (head, mut connection) = visitor.get("/late").navigating().hold().await;
        assert_eq!(head.status, 200, "{}", head.summary(""));
        head.has_no_pending_cookies();
        let mut page = Vec::new();
        while !String::from_utf8_lossy(&page).contains("early") {
            page.extend(connection.chunk().await.expect("the first half"));
        }
        app.gate.notify_one();
        while let Some(chunk) = connection.chunk().await {
            page.extend(chunk);
        }
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("late"), "{page}");

        // The cookie that was due then comes with the next answer, without another renewal.
        let next = visitor.open("/info").await;
        assert_eq!((next.status, next.text()), (200, app.alice()));
        assert!(!next.cookie("logto_conformance").is_removal());
        let sent = app.tenant.requests();
        let renewals = sent.iter().filter(|request| request.path == "/oidc/token");
        assert_eq!(renewals.count(), 1);
    });
    check(&[drivers::leptos()], &[case]);
}

#[tokio::test]
async fn without_a_request_dioxus_has_no_user() {
    let outside = FullstackContext::extract::<MaybeUser, _>().await;
    let error = outside.expect_err("not a visitor without a session, which no one has seen");
    assert!(matches!(error, ServerFnError::ServerError { code: 500, .. }), "{error}");
}
