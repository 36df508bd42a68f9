//! What is none of the SDK's business passes through.

use super::super::{Case, RunningApp, Visitor};

/// What is none of the SDK's business passes through.
#[must_use]
pub fn passing_through() -> Vec<Case> {
    vec![
        Case::new("a body reaches the app", async |app| {
            let mut visitor = signed_in(app).await;
            let body = every_byte();
            let answer = visitor.post("/echo").body(body.clone()).send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.body == body, "the body came back changed");
        }),
        Case::new("a body in chunks reaches the app", async |app| {
            let mut visitor = signed_in(app).await;
            let ask = visitor.post("/echo").header("transfer-encoding", "chunked");
            let answer = ask.body("3\r\none\r\n4\r\n two\r\n0\r\n\r\n").send().await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "one two"));
        }),
        Case::new("an empty body reaches the app", async |app| {
            let mut visitor = signed_in(app).await;
            let answer = visitor.post("/echo").send().await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        }),
        Case::new("a body that no one may send", async |app| {
            let answer = app.visitor().post("/echo").body(every_byte()).send().await;
            assert_eq!(answer.status, 401);
            assert!(answer.text().contains("unauthenticated"));
        }),
        Case::new("a stream arrives while it is made", async |app| {
            let mut visitor = signed_in(app).await;
            streams(app, &mut visitor, false).await;
        }),
        Case::new("a stream arrives with the cookies that are pending", async |app| {
            let mut visitor = signed_in(app).await;
            visitor.let_the_token_end();
            streams(app, &mut visitor, true).await;
            visitor.is_signed_in().await;
        }),
        Case::new("a connection changes its protocol", async |app| {
            let mut visitor = app.visitor();
            upgrades(&mut visitor).await;
            visitor.sign_in("alice").await;
            upgrades(&mut visitor).await;
        }),
        Case::new("an answer of the app stays as it is", async |app| {
            let mut visitor = app.visitor();
            for _ in 0..2 {
                let answer = visitor.open("/plain").await;
                assert_eq!((answer.status, answer.text().as_str()), (200, "plain"));
                let cache_control = answer.header("cache-control");
                assert_eq!(cache_control.as_deref(), Some("max-age=60"));
                assert_eq!(answer.cookie("app-one").attributes, "Path=/");
                answer.has_no_pending_cookies();
                visitor.sign_in("alice").await;
            }
        }),
        Case::new("HEAD has no body", async |app| {
            let mut visitor = signed_in(app).await;
            let answer = visitor.ask("HEAD", "/page").navigating().send().await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        }),
        Case::new("a page that is not there", async |app| {
            let mut visitor = signed_in(app).await;
            let answer = visitor.get("/nowhere").navigating().send_off_record().await;
            assert_eq!(answer.status, 404);
            answer.has_no_pending_cookies();
        }),
        Case::new("a slash too many is not the SDK's route", async |app| {
            let mut visitor = app.visitor();
            let answer = visitor.get("/sign-in/deeper").navigating().send_off_record().await;
            assert_eq!(answer.status, 404);
            answer.has_no_pending_cookies();
        }),
    ]
}

async fn signed_in(app: &RunningApp) -> Visitor<'_> {
    let mut visitor = app.visitor();
    visitor.sign_in("alice").await;
    visitor
}

fn every_byte() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(100_000).collect()
}

async fn streams(app: &RunningApp, visitor: &mut Visitor<'_>, pending: bool) {
    let (head, mut connection) = visitor.get("/stream").hold().await;
    assert_eq!(head.status, 200);
    if pending {
        head.is_not_stored();
        assert!(!head.cookie("logto_conformance").is_removal());
    } else {
        head.has_no_pending_cookies();
    }
    assert_eq!(connection.chunk().await.as_deref(), Some(&b"one\n"[..]));
    app.gate.notify_one();
    assert_eq!(connection.chunk().await.as_deref(), Some(&b"two\n"[..]));
    assert_eq!(connection.chunk().await, None);
}

async fn upgrades(visitor: &mut Visitor<'_>) {
    let headers = [("connection", "upgrade"), ("upgrade", "websocket")];
    let (head, mut connection) = visitor.get("/socket").headers(&headers).hold().await;
    assert_eq!(head.status, 101, "{}", head.summary(""));
    assert_eq!(head.header("upgrade").as_deref(), Some("websocket"));
    head.has_no_pending_cookies();
    for words in ["ping", "and again"] {
        connection.write(words.as_bytes()).await;
        assert_eq!(connection.exactly(words.len()).await, words.as_bytes());
    }
}
