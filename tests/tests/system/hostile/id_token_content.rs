//! ID tokens that a provider must not get accepted, and odd ones that it may: the request that they
//! answer, the user, and whatever else is in them.

use logto_tests::hostile::{IdToken, Key, NO, YES, each_token, encode};
use serde_json::{Value, json};

#[tokio::test]
async fn whom_it_is_about_and_which_request_it_answers() {
    each_token(&[
        ("nonce missing", |t| t.remove("nonce"), NO),
        ("nonce null", |t| t.claim("nonce", Value::Null), NO),
        ("nonce number", |t| t.claim("nonce", 7), NO),
        ("nonce empty", |t| t.claim("nonce", ""), NO),
        ("nonce other", |t| t.claim("nonce", encode([7; 32])), NO),
        ("nonce array", |t| t.claim("nonce", json!([t.claims["nonce"]])), NO),
        ("nonce cut", |t| nonce(t, |nonce| nonce[1..].to_owned()), NO),
        ("nonce longer", |t| nonce(t, |nonce| format!("{nonce}A")), NO),
        ("nonce in capitals", |t| nonce(t, str::to_uppercase), NO),
        ("sub missing", |t| t.remove("sub"), NO),
        ("sub null", |t| t.claim("sub", Value::Null), NO),
        ("sub number", |t| t.claim("sub", 7), NO),
        ("sub empty", |t| t.claim("sub", ""), NO),
        ("sub array", |t| t.claim("sub", json!(["alice"])), NO),
        ("sub too long", |t| t.claim("sub", "a".repeat(256)), NO),
        ("at_hash other", |t| t.claim("at_hash", encode([7; 24])), NO),
        ("at_hash empty", |t| t.claim("at_hash", ""), NO),
        ("at_hash number", |t| t.claim("at_hash", 7), NO),
        ("at_hash null", |t| t.claim("at_hash", Value::Null), YES),
    ])
    .await;
}

fn nonce(token: &mut IdToken, change: fn(&str) -> String) {
    let honest = token.claims["nonce"].as_str().unwrap().to_owned();
    token.claim("nonce", change(&honest));
}

#[tokio::test]
async fn what_else_is_in_it() {
    each_token(&[
        ("two subs", |t| t.raw_claim(r#""sub":"mallory""#), NO),
        ("two issuers", |t| t.raw_claim(r#""iss":"https://evil.example""#), NO),
        ("two audiences", |t| t.raw_claim(r#""aud":"other""#), NO),
        ("two nonces", |t| t.raw_claim(r#""nonce":"other""#), NO),
        ("two ends", |t| t.raw_claim(r#""exp":9999999999"#), NO),
        ("two names", |t| t.raw_claim(r#""name":"Mallory""#), NO),
        ("two unknown members", |t| t.raw_claim(r#""x":1,"x":2"#), YES),
        ("names in other scripts", |t| t.claim("name", "Алиса \u{202e}ecilA \u{0}😀"), YES),
        ("an unknown claim of half a surrogate", |t| t.raw_claim(r#""y":"\ud800""#), YES),
        ("every known claim null", nulls, YES),
        ("every known claim of another type", others, YES),
        (
            "a deep claim",
            |t| t.raw_claim(&format!(r#""d":{}1{}"#, "[".repeat(100), "]".repeat(100))),
            YES,
        ),
        (
            "a bottomless claim",
            |t| t.raw_claim(&format!(r#""d":{}1{}"#, "[".repeat(5000), "]".repeat(5000))),
            YES,
        ),
        ("payload is an array", |t| t.payload = Some("[]".to_owned()), NO),
        ("payload is null", |t| t.payload = Some("null".to_owned()), NO),
        ("payload is empty", |t| t.payload = Some(String::new()), NO),
        ("payload is text", |t| t.payload = Some("alice".to_owned()), NO),
        ("payload with a tail", |t| t.payload = Some(format!("{} {{}}", t.claims)), NO),
        (
            "payload with a byte order mark",
            |t| t.payload = Some(format!("\u{feff}{}", t.claims)),
            NO,
        ),
        ("claims that no session holds", |t| t.claim("big", noise(200_000)), NO),
        ("claims that fit no cookie", |t| t.claim("big", noise(12_000)), YES),
        ("claims that fit two cookies", |t| t.claim("big", noise(3_000)), YES),
    ])
    .await;
}

const KNOWN: [&str; 20] = [
    "name",
    "picture",
    "username",
    "email",
    "email_verified",
    "phone_number",
    "address",
    "roles",
    "organizations",
    "organization_roles",
    "organization_data",
    "identities",
    "sso_identities",
    "custom_data",
    "created_at",
    "updated_at",
    "sid",
    "locale",
    "profile",
    "website",
];

fn nulls(token: &mut IdToken) {
    for name in KNOWN {
        token.claim(name, Value::Null);
    }
}

fn others(token: &mut IdToken) {
    for name in KNOWN {
        token.claim(name, json!({ "not": ["what", 1, "expected"] }));
    }
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut text = String::new();
    let key = Key::hs256("noise", "noise");
    for n in 0..length.div_ceil(43) {
        text.push_str(&encode(key.sign(&n.to_le_bytes())));
    }
    text
}
