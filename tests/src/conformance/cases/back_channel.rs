//! Logto says that a user signed out elsewhere, in a body that the adapter reads.

use axum::Router;
use logto::web::Route;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::super::{Answer, Case, RunningApp, Visitor};

const ROUTE: &str = "/backchannel-logout";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Logto says that a user signed out elsewhere.
#[must_use]
pub fn back_channel() -> Vec<Case> {
    vec![
        Case::new("Logto says that someone signed out", async |app| {
            let (mut visitor, form) = signed_out_at_logto(app).await;
            visitor.is_signed_in().await;
            let answer = logto_posts(app, &form).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""));
            answer.is_not_stored();
            answer.has_no_pending_cookies();
            visitor.is_signed_out().await;
            // Once.
            is_refused(&logto_posts(app, &form).await);
        }),
        Case::new("Logto says so in chunks", async |app| {
            let (mut visitor, form) = signed_out_at_logto(app).await;
            let (first, rest) = form.split_at(100);
            let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
            let body = format!("{}{}0\r\n\r\n", chunk(first), chunk(rest));
            let mut logto = app.visitor();
            let ask = logto.ask("POST", ROUTE).headers(&[FORM]);
            let ask = ask.header("transfer-encoding", "chunked");
            let answer = ask.body(body).send().await;
            assert_eq!(answer.status, 200);
            visitor.is_signed_out().await;
        }),
        Case::new("as long as a logout may be", async |app| {
            let (mut visitor, form) = signed_out_at_logto(app).await;
            let limit = Route::BackChannelLogout.body_limit();
            let answer = logto_posts(app, &padded(&form, limit)).await;
            assert_eq!(answer.status, 200);
            visitor.is_signed_out().await;
        }),
        Case::new("longer than a logout may be", async |app| {
            let (mut visitor, form) = signed_out_at_logto(app).await;
            let limit = Route::BackChannelLogout.body_limit();
            for length in [limit + 1, limit * 2] {
                // Neither read to the limit nor to the end: what is cut off may say something else.
                is_refused(&logto_posts(app, &padded(&form, length)).await);
            }
            visitor.is_signed_in().await;
            assert_eq!(logto_posts(app, &form).await.status, 200);
            visitor.is_signed_out().await;
        }),
        Case::new("a logout of no one", async |app| {
            for body in ["", "logout_token=", "logout_token=a.b.c", "a=b"] {
                is_refused(&logto_posts(app, body).await);
            }
        }),
        Case::new("a logout that has two tokens", async |app| {
            let (mut visitor, form) = signed_out_at_logto(app).await;
            is_refused(&logto_posts(app, &format!("{form}&{form}")).await);
            visitor.is_signed_in().await;
        }),
    ]
}

async fn logto_posts(app: &RunningApp, body: &str) -> Answer {
    let mut logto = app.visitor();
    let ask = logto.ask("POST", ROUTE).headers(&[FORM]);
    ask.body(body).send().await
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.summary(""));
    assert!(answer.text().contains("\"error\":\"invalid_request\""));
    answer.is_not_stored();
    answer.has_no_pending_cookies();
}

fn padded(form: &str, length: usize) -> String {
    let padding = length - form.len() - "&padding=".len();
    format!("{form}&padding={}", "x".repeat(padding))
}

/// Alice, who is signed in here and has signed out at Logto, and what Logto posts about it.
async fn signed_out_at_logto(app: &RunningApp) -> (Visitor<'_>, String) {
    let mut visitor = app.visitor();
    let address = visitor.begin().await;
    let mut browser = app.tenant.browser();
    let callback = browser.sign_in(&address, "alice").await;
    visitor.open(&callback.expect("a callback")).await;

    let (sender, mut posted) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let inbox = Router::new().fallback(async move |body: String| {
        let _ = sender.send(body);
    });
    let inbox = tokio::spawn(async move { axum::serve(listener, inbox).await });
    let here = format!("http://localhost:{port}");
    app.tenant.register_base_url(&here).expect("an address");
    let out =
        format!("{}/oidc/session/end?client_id={}", app.tenant.endpoint(), app.tenant.app_id());
    browser.sign_out(&out).await.expect("a sign-out at Logto");
    let form = posted.recv().await.expect("what Logto posts");
    inbox.abort();
    (visitor, form)
}
