//! Errors of a token endpoint, and what they must not bring into a log or onto a page.

use logto_tests::hostile::{APP_SECRET, Answer, Endpoint, Fixture, LATER, NO, each_token_answer};
use serde_json::{Value, json};

#[tokio::test]
async fn errors() {
    each_token_answer(&[
        ("invalid_request", |_, _| Answer::error(400, "invalid_request"), NO),
        ("invalid_client", |_, _| Answer::error(401, "invalid_client"), NO),
        ("invalid_client, 400", |_, _| Answer::error(400, "invalid_client"), NO),
        ("invalid_grant", |_, _| Answer::error(400, "invalid_grant"), NO),
        ("unauthorized_client", |_, _| Answer::error(400, "unauthorized_client"), NO),
        ("unsupported_grant_type", |_, _| Answer::error(400, "unsupported_grant_type"), NO),
        ("invalid_scope", |_, _| Answer::error(400, "invalid_scope"), NO),
        ("invalid_target", |_, _| Answer::error(400, "invalid_target"), NO),
        ("access_denied", |_, _| Answer::error(403, "access_denied"), NO),
        ("insufficient_scope", |_, _| Answer::error(403, "insufficient_scope"), NO),
        ("unknown error", |_, _| Answer::error(400, "oh_no"), NO),
        ("error in 200", |_, _| Answer::error(200, "invalid_grant"), NO),
        ("error is null", |_, _| said(&Value::Null, &Value::Null), NO),
        ("error is a number", |_, _| said(&json!(7), &json!(7)), NO),
        ("error is an object", |_, _| said(&json!({}), &json!({})), NO),
        (
            "error with control characters",
            |_, _| said(&json!("a\u{0}\u{1b}[31m\r\nb"), &json!("c\n\nd\u{7f}")),
            NO,
        ),
        (
            "error of a megabyte's part",
            |_, _| said(&json!("e".repeat(100_000)), &json!("d".repeat(100_000))),
            NO,
        ),
        (
            "error with markup",
            |_, _| said(&json!("<script>alert(1)</script>"), &json!("<img src=x>")),
            NO,
        ),
        (
            "echo of the code",
            |_, c| said(&json!(c.form["code"]), &json!(format!("bad {}", c.form["code"]))),
            NO,
        ),
        ("echo of the verifier", |_, c| said(&json!("x"), &json!(c.form["code_verifier"])), NO),
        (
            "echo of the secret",
            |_, _| said(&json!(APP_SECRET), &json!(format!("not {APP_SECRET}!"))),
            NO,
        ),
        ("echo of the authorization", |_, c| said(&json!("x"), &json!(c.authorization)), NO),
        (
            "echo of the secret, code and message",
            |_, c| {
                Answer::text(
                    400,
                    &json!({ "code": c.form["code"], "message": APP_SECRET }).to_string(),
                )
            },
            NO,
        ),
        (
            "echo in the request id",
            |_, c| {
                Answer::error(400, "x").with_header("logto-core-request-id", c.form["code"].clone())
            },
            NO,
        ),
        (
            "echo of the secret in the request id",
            |_, _| Answer::error(400, "x").with_header("logto-core-request-id", APP_SECRET),
            NO,
        ),
        (
            "echo in an outage",
            |_, c| said(&json!(c.form["code"]), &json!(APP_SECRET)).with_status(500),
            LATER,
        ),
        ("echo as plain text", |_, c| Answer::text(400, &c.form["code"]), NO),
        ("echo in a redirect", |_, c| Answer::redirect(302, &format!("/?{}", c.form["code"])), NO),
        (
            "echo in a member of a good answer",
            |a, c| a.set("expires_in", json!(c.form["code"])),
            NO,
        ),
        (
            "request id with escapes",
            |_, _| Answer::error(400, "x").with_header("logto-core-request-id", "a\tb"),
            NO,
        ),
    ])
    .await;
}

fn said(error: &Value, description: &Value) -> Answer {
    let body = json!({ "error": error, "error_description": description });
    Answer::text(400, &body.to_string())
}

/// The user signed out elsewhere, or comes back late: no one has to look into it.
#[tokio::test]
async fn a_code_that_logto_does_not_take_is_a_sign_in_that_is_over() {
    let mut fixture = Fixture::new().await;
    fixture.provider.bend(Endpoint::Token, |_, _| Answer::error(400, "invalid_grant"));
    let seen = fixture.sign_in().await;
    assert_eq!(seen.status, 400, "{seen:?}");
    assert!(seen.body.contains("This sign-in can no longer be completed"), "{seen:?}");
    let log = fixture.log();
    assert!(log.contains("INFO") && log.contains("invalid_grant"), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    fixture.finish();
}
