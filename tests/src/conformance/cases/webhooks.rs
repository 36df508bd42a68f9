//! Logto says what happened, in a body that the adapter reads.

use logto::web::Route;

use super::super::{Answer, Case, RunningApp, Setup};
use crate::eventually;
use crate::webhook::{SIGNING_KEY, Webhook};

const ROUTE: &str = "/webhooks/logto";
/// More than the buffers between client and server hold, which no one reads.
const LONG: usize = 12 << 20;

/// Logto says what happened.
#[must_use]
pub fn webhooks() -> Vec<Case> {
    let signed = Setup {
        configure: |config| config.with_webhook_signing_key(SIGNING_KEY),
        ..Setup::default()
    };
    let cases = vec![
        Case::new("a webhook signs a user out", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let webhook = suspended(app);
            is_taken(&logto_sends(app, &webhook).await);
            eventually("the session to end", async || {
                let mut copy = visitor.clone();
                let answer = copy.get("/hello").send_off_record().await;
                (answer.text() == "signed out").then_some(())
            })
            .await;
            // Once.
            is_refused(&logto_sends(app, &webhook).await, 409);
        }),
        Case::new("a webhook that no one signed", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let webhook = suspended(app);
            let forged = Webhook::signed("another key of 32 characters....", webhook.body.clone());
            is_refused(&logto_sends(app, &forged).await, 401);
            for signature in ["", "x", &webhook.signature.to_uppercase()] {
                let webhook = Webhook { signature: signature.to_owned(), ..webhook.clone() };
                is_refused(&logto_sends(app, &webhook).await, 401);
            }
            visitor.is_signed_in().await;
        }),
        Case::new("a webhook as long as it may be, and longer", async |app| {
            let limit = Route::Webhooks.body_limit();
            for (length, status) in [(limit, 200), (limit + 1, 401), (2 * limit, 401)] {
                let padding = "x".repeat(length - suspended_with(app, "").body.len());
                let webhook = suspended_with(app, &padding);
                assert_eq!(webhook.body.len(), length);
                let answer = logto_sends(app, &webhook).await;
                assert_eq!(answer.status, status, "{length}: {}", answer.text());
            }
        }),
        Case::new("a webhook without a signature that is long", async |app| {
            let mut someone = app.visitor();
            let ask = someone.ask("POST", ROUTE).body(vec![b' '; LONG]);
            is_refused(&ask.send().await, 401);
        }),
        Case::new("a webhook that is no event", async |app| {
            for body in ["", "[]", "{}", "{\"event\":\"User.Deleted\"}"] {
                let answer = logto_sends(app, &Webhook::signed(SIGNING_KEY, body)).await;
                is_refused(&answer, 400);
            }
        }),
    ];
    let mut cases: Vec<Case> = cases.into_iter().map(|case| case.on(signed)).collect();
    cases.push(Case::new("a webhook where none are taken", async |app| {
        let answer = logto_sends(app, &suspended(app)).await;
        assert_eq!(answer.status, 404);
        answer.is_not_stored();
    }));
    cases.push(Case::new("a long webhook where none are taken", async |app| {
        let answer = logto_sends(app, &Webhook::signed(SIGNING_KEY, vec![b' '; LONG])).await;
        assert_eq!(answer.status, 404);
    }));
    cases
}

fn suspended(app: &RunningApp) -> Webhook {
    suspended_with(app, "")
}

fn suspended_with(app: &RunningApp, padding: &str) -> Webhook {
    let sub = app.alice();
    let members = format!(
        r#""userAgent":"{padding}","params":{{"userId":"{sub}"}},"data":{{"id":"{sub}","isSuspended":true}}"#
    );
    Webhook::new("User.SuspensionStatus.Updated", app.now() * 1000 + 999, &members)
}

async fn logto_sends(app: &RunningApp, webhook: &Webhook) -> Answer {
    let mut logto = app.visitor();
    let ask = logto.ask("POST", ROUTE).header("content-type", "application/json");
    let ask = ask.header("logto-signature-sha-256", webhook.signature.as_str());
    ask.body(webhook.body.clone()).send().await
}

fn is_taken(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    answer.is_not_stored();
    answer.has_no_pending_cookies();
}

fn is_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.summary(""));
    assert!(answer.text().contains("\"error\":\"invalid_request\""), "{}", answer.text());
    answer.is_not_stored();
    answer.has_no_pending_cookies();
}
