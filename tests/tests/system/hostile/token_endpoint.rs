//! What a token endpoint may answer to a code, and what must come of it.

use logto_tests::hostile::{Answer, LATER, NO, YES, each_token_answer};
use serde_json::{Value, json};

#[tokio::test]
async fn statuses() {
    each_token_answer(&[
        ("201 with tokens", |a, _| a.with_status(201), NO),
        ("204", |_, _| Answer::text(204, ""), NO),
        ("206 with tokens", |a, _| a.with_status(206), NO),
        ("301", |_, _| Answer::redirect(301, "/oidc/elsewhere"), NO),
        ("302", |_, _| Answer::redirect(302, "/oidc/elsewhere"), NO),
        ("307", |_, _| Answer::redirect(307, "/oidc/elsewhere"), NO),
        ("308 to another host", |_, _| Answer::redirect(308, "http://localhost:1/"), NO),
        ("400 with tokens", |a, _| a.with_status(400), NO),
        ("400 without a body", |_, _| Answer::text(400, ""), NO),
        ("403", |_, _| Answer::error(403, "access_denied"), NO),
        ("404", |_, _| Answer::text(404, "Not Found"), NO),
        ("405", |_, _| Answer::text(405, ""), NO),
        ("408", |_, _| Answer::text(408, ""), LATER),
        ("413", |_, _| Answer::text(413, ""), NO),
        ("418", |_, _| Answer::text(418, "teapot"), NO),
        ("429 as text", |_, _| Answer::text(429, "slow down"), LATER),
        ("429 with a wait", |_, _| Answer::text(429, "").with_header("retry-after", "17"), LATER),
        (
            "429 with a date",
            |_, _| {
                Answer::text(429, "").with_header("retry-after", "Wed, 21 Oct 2099 07:28:00 GMT")
            },
            LATER,
        ),
        (
            "429 with nonsense",
            |_, _| Answer::text(429, "").with_header("retry-after", "-1 <b>"),
            LATER,
        ),
        ("500", |_, _| Answer::error(500, "server_error"), LATER),
        ("500 as HTML", |_, _| Answer::html().with_status(500), LATER),
        ("502", |_, _| Answer::text(502, "<html>Bad Gateway"), LATER),
        ("503", |_, _| Answer::text(503, ""), LATER),
        ("503 with a wait", |_, _| Answer::text(503, "").with_header("retry-after", "120"), LATER),
        ("504", |_, _| Answer::text(504, ""), LATER),
        ("599", |_, _| Answer::text(599, ""), LATER),
        ("999", |_, _| Answer::text(999, ""), LATER),
    ])
    .await;
}

#[tokio::test]
async fn bodies() {
    each_token_answer(&[
        ("empty", |_, _| Answer::text(200, ""), NO),
        ("HTML", |_, _| Answer::html(), NO),
        ("an array", |_, _| Answer::json(&json!([])), NO),
        ("null", |_, _| Answer::json(&Value::Null), NO),
        ("an empty object", |_, _| Answer::json(&json!({})), NO),
        ("text", |_, _| Answer::json(&json!("token")), NO),
        ("tokens in an array", |a, _| a.edit(|body| *body = json!([body.clone()])), NO),
        ("a form", |_, _| Answer::text(200, "access_token=a&token_type=bearer"), NO),
        ("good, with a tail that is not UTF-8", |a, _| a.followed_by(&[0xff]), NO),
        ("over the limit", |_, _| Answer::huge(), NO),
        ("cut", |a, _| a.cut(), LATER),
        ("stalled", |a, _| a.stalled(), LATER),
        ("never", |a, _| a.never(), LATER),
        ("good, as HTML", |a, _| a.with_header("content-type", "text/html"), YES),
        ("good, with a tail", |a, _| a.followed_by(b"{}"), NO),
        ("good, with white space", |a, _| a.followed_by(b" \n"), YES),
        ("said to be compressed", |a, _| a.with_header("content-encoding", "gzip"), YES),
    ])
    .await;
}

#[tokio::test]
async fn members() {
    each_token_answer(&[
        ("access_token missing", |a, _| a.without("access_token"), NO),
        ("access_token null", |a, _| a.set("access_token", Value::Null), NO),
        ("access_token empty", |a, _| a.set("access_token", ""), NO),
        ("access_token number", |a, _| a.set("access_token", 7), NO),
        ("access_token with line ends", |a, _| a.set("access_token", "a\r\nx-evil: 1"), NO),
        ("access_token not ASCII", |a, _| a.set("access_token", "tökén"), NO),
        ("access_token twice", |a, _| a.with_raw_member(r#""access_token":"b""#), NO),
        ("token_type missing", |a, _| a.without("token_type"), NO),
        ("token_type null", |a, _| a.set("token_type", Value::Null), NO),
        ("token_type empty", |a, _| a.set("token_type", ""), NO),
        ("token_type bearer", |a, _| a.set("token_type", "bearer"), YES),
        ("token_type BEARER", |a, _| a.set("token_type", "BEARER"), YES),
        ("token_type mac", |a, _| a.set("token_type", "mac"), NO),
        ("token_type DPoP", |a, _| a.set("token_type", "DPoP"), NO),
        ("token_type N_A", |a, _| a.set("token_type", "N_A"), NO),
        ("token_type number", |a, _| a.set("token_type", 1), NO),
        ("expires_in missing", |a, _| a.without("expires_in"), YES),
        ("expires_in null", |a, _| a.set("expires_in", Value::Null), YES),
        ("expires_in 0", |a, _| a.set("expires_in", 0), YES),
        ("expires_in negative", |a, _| a.set("expires_in", -3600), NO),
        ("expires_in huge", |a, _| a.set("expires_in", u64::MAX), YES),
        (
            "expires_in beyond",
            |a, _| a.without("expires_in").with_raw_member(r#""expires_in":1e40"#),
            YES,
        ),
        ("expires_in with a fraction", |a, _| a.set("expires_in", 3600.5), YES),
        ("expires_in text", |a, _| a.set("expires_in", "3600"), YES),
        ("expires_in negative text", |a, _| a.set("expires_in", "-1"), NO),
        ("expires_in a word", |a, _| a.set("expires_in", "soon"), NO),
        ("expires_in NaN", |a, _| a.set("expires_in", "NaN"), NO),
        ("expires_in a list", |a, _| a.set("expires_in", json!([1])), NO),
        ("expires_in object", |a, _| a.set("expires_in", json!({})), NO),
        ("refresh_token missing", |a, _| a.without("refresh_token"), YES),
        ("refresh_token null", |a, _| a.set("refresh_token", Value::Null), YES),
        ("refresh_token empty", |a, _| a.set("refresh_token", ""), YES),
        ("refresh_token number", |a, _| a.set("refresh_token", 7), NO),
        ("refresh_token too large", |a, _| a.set("refresh_token", "é".repeat(200_000)), YES),
        ("id_token missing", |a, _| a.without("id_token"), NO),
        ("id_token null", |a, _| a.set("id_token", Value::Null), NO),
        ("id_token empty", |a, _| a.set("id_token", ""), NO),
        ("id_token number", |a, _| a.set("id_token", 7), NO),
        ("id_token object", |a, _| a.set("id_token", json!({ "sub": "alice" })), NO),
        ("id_token array", |a, _| a.edit(|b| b["id_token"] = json!([b["id_token"]])), NO),
        ("id_token twice", |a, _| a.with_raw_member(r#""id_token":"x""#), NO),
        ("scope missing", |a, _| a.without("scope"), YES),
        ("scope null", |a, _| a.set("scope", Value::Null), YES),
        ("scope empty", |a, _| a.set("scope", ""), YES),
        ("scope number", |a, _| a.set("scope", 7), NO),
        ("an error beside the tokens", |a, _| a.set("error", "invalid_grant"), NO),
        (
            "a thousand more members",
            |a, _| a.edit(|b| (0..1000).for_each(|n| b[format!("x{n}")] = n.into())),
            YES,
        ),
    ])
    .await;
}
