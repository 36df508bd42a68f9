//! ID tokens that a provider must not get accepted, and odd ones that it may: claims.

// Helpers of a test fail as the test does: by panicking. A row of a table is a row.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::semicolon_if_nothing_returned,
    clippy::type_complexity,
    clippy::unwrap_used
)]

use logto_tests::hostile::{
    APP_ID, IdToken, Key, Provider, Then, World, each, encode, sign_in_twice,
};
use serde_json::{Value, json};

/// A row: what is done to the token, and how the sign-in must end.
type Row = (&'static str, fn(&mut IdToken), Then);

async fn all(rows: &[Row]) {
    let rows = rows
        .iter()
        .map(|(name, bend, then)| (*name, (*bend, *then)));
    each(rows, async |(bend, then)| {
        let bend = |provider: &Provider| provider.bend_token(bend);
        sign_in_twice(World::new, bend, then).await;
    })
    .await;
}

const YES: Then = Then::SignedIn;
const NO: Then = Then::Refused;

#[tokio::test]
async fn who_issued_it_and_for_whom() {
    all(&[
        ("honest", |_| {}, YES),
        ("iss missing", |t| t.remove("iss"), NO),
        ("iss null", |t| t.claim("iss", Value::Null), NO),
        ("iss number", |t| t.claim("iss", 7), NO),
        (
            "iss array",
            |t| t.claim("iss", json!([t.claims["iss"]])),
            NO,
        ),
        ("iss empty", |t| t.claim("iss", ""), NO),
        (
            "iss other",
            |t| t.claim("iss", "https://evil.example/oidc"),
            NO,
        ),
        ("iss with slash", |t| iss(t, |iss| format!("{iss}/")), NO),
        ("iss upper case", |t| iss(t, str::to_uppercase), NO),
        (
            "iss without path",
            |t| iss(t, |iss| iss.replace("/oidc", "")),
            NO,
        ),
        (
            "iss localhost for 127.0.0.1",
            |t| iss(t, |iss| iss.replace("127.0.0.1", "localhost")),
            NO,
        ),
        ("iss with space", |t| iss(t, |iss| format!("{iss} ")), NO),
        ("aud missing", |t| t.remove("aud"), NO),
        ("aud null", |t| t.claim("aud", Value::Null), NO),
        ("aud number", |t| t.claim("aud", 7), NO),
        (
            "aud object",
            |t| t.claim("aud", json!({ APP_ID: true })),
            NO,
        ),
        ("aud empty", |t| t.claim("aud", ""), NO),
        ("aud empty array", |t| t.claim("aud", json!([])), NO),
        ("aud foreign", |t| t.claim("aud", "another-app"), NO),
        (
            "aud foreign array",
            |t| t.claim("aud", json!(["another-app"])),
            NO,
        ),
        (
            "aud begins with ours",
            |t| t.claim("aud", format!("{APP_ID}0")),
            NO,
        ),
        (
            "aud ours among words",
            |t| t.claim("aud", format!("x {APP_ID}")),
            NO,
        ),
        ("aud array of one", |t| t.claim("aud", json!([APP_ID])), YES),
        (
            "aud array twice ours, no azp",
            |t| t.claim("aud", json!([APP_ID, APP_ID])),
            NO,
        ),
        (
            "aud two, no azp",
            |t| t.claim("aud", json!([APP_ID, "another-app"])),
            NO,
        ),
        ("aud two, azp ours", |t| two(t, json!(APP_ID)), NO),
        ("aud two, azp other", |t| two(t, json!("another-app")), NO),
        (
            "aud array with null",
            |t| t.claim("aud", json!([APP_ID, null])),
            NO,
        ),
        (
            "aud array with number",
            |t| t.claim("aud", json!([APP_ID, 7])),
            NO,
        ),
        (
            "aud array in array",
            |t| t.claim("aud", json!([[APP_ID]])),
            NO,
        ),
        ("azp ours", |t| t.claim("azp", APP_ID), YES),
        ("azp other", |t| t.claim("azp", "another-app"), NO),
        ("azp empty", |t| t.claim("azp", ""), NO),
        ("azp null", |t| t.claim("azp", Value::Null), YES),
        ("azp array", |t| t.claim("azp", json!([APP_ID])), NO),
        (
            "aud is an organization",
            |t| t.claim("aud", "urn:logto:organization:o"),
            NO,
        ),
    ])
    .await;
}

fn iss(token: &mut IdToken, change: fn(&str) -> String) {
    let honest = token.claims["iss"].as_str().unwrap().to_owned();
    token.claim("iss", change(&honest));
}

fn two(token: &mut IdToken, azp: Value) {
    token.claim("aud", json!(["another-app", APP_ID]));
    token.claim("azp", azp);
}

#[tokio::test]
async fn when_it_is_good() {
    all(&[
        ("exp missing", |t| t.remove("exp"), NO),
        ("exp null", |t| t.claim("exp", Value::Null), NO),
        ("exp string", |t| t.claim("exp", "1795346100"), NO),
        ("exp array", |t| t.claim("exp", json!([])), NO),
        ("exp zero", |t| t.claim("exp", 0), NO),
        ("exp negative", |t| t.claim("exp", -1), NO),
        ("exp minus infinity", |t| t.claim("exp", -1e300), NO),
        ("exp just over", |t| t.shift("exp", -3600), YES),
        // Some seconds of slack: the clock of the test goes on.
        (
            "exp just inside the tolerance",
            |t| t.shift("exp", -3600 - 55),
            YES,
        ),
        ("exp at the tolerance", |t| t.shift("exp", -3600 - 60), NO),
        (
            "exp outside the tolerance",
            |t| t.shift("exp", -3600 - 61),
            NO,
        ),
        ("exp in milliseconds", |t| thousandfold(t, "exp"), YES),
        ("exp fraction", |t| fraction(t, "exp"), YES),
        ("exp largest number", |t| t.claim("exp", u64::MAX), YES),
        (
            "exp beyond all numbers",
            |t| t.raw_claim(r#""exp":1e999"#),
            NO,
        ),
        ("iat missing", |t| t.remove("iat"), NO),
        ("iat null", |t| t.claim("iat", Value::Null), NO),
        ("iat string", |t| t.claim("iat", "1795342500"), NO),
        ("iat true", |t| t.claim("iat", true), NO),
        ("iat zero", |t| t.claim("iat", 0), NO),
        ("iat negative", |t| t.claim("iat", -1), NO),
        ("iat fraction", |t| fraction(t, "iat"), YES),
        ("iat in milliseconds", |t| thousandfold(t, "iat"), NO),
        ("iat a little ahead", |t| t.shift("iat", 55), YES),
        ("iat at the tolerance", |t| t.shift("iat", 60), YES),
        ("iat outside the tolerance", |t| t.shift("iat", 70), NO),
        ("iat largest number", |t| t.claim("iat", u64::MAX), NO),
        ("iat five minutes ago", |t| t.shift("iat", -300), YES),
        ("iat just young enough", |t| t.shift("iat", -355), YES),
        ("iat too old", |t| t.shift("iat", -361), NO),
        ("nbf now", |t| nbf(t, 0), YES),
        ("nbf inside the tolerance", |t| nbf(t, 55), YES),
        ("nbf in an hour", |t| nbf(t, 3600), NO),
        ("nbf string", |t| t.claim("nbf", "soon"), NO),
        ("nbf null", |t| t.claim("nbf", Value::Null), YES),
        (
            "auth_time string",
            |t| t.claim("auth_time", "yesterday"),
            YES,
        ),
    ])
    .await;
}

fn thousandfold(token: &mut IdToken, name: &str) {
    let seconds = token.claims[name].as_u64().unwrap();
    token.claim(name, seconds * 1000);
}

fn fraction(token: &mut IdToken, name: &str) {
    let seconds = token.claims[name].as_f64().unwrap();
    token.claim(name, seconds + 0.25);
}

fn nbf(token: &mut IdToken, ahead: u64) {
    let now = token.claims["iat"].as_u64().unwrap();
    token.claim("nbf", now + ahead);
}

#[tokio::test]
async fn whom_it_is_about_and_which_request_it_answers() {
    all(&[
        ("nonce missing", |t| t.remove("nonce"), NO),
        ("nonce null", |t| t.claim("nonce", Value::Null), NO),
        ("nonce number", |t| t.claim("nonce", 7), NO),
        ("nonce empty", |t| t.claim("nonce", ""), NO),
        ("nonce other", |t| t.claim("nonce", encode([7; 32])), NO),
        (
            "nonce array",
            |t| t.claim("nonce", json!([t.claims["nonce"]])),
            NO,
        ),
        ("nonce cut", |t| nonce(t, |nonce| nonce[1..].to_owned()), NO),
        (
            "nonce longer",
            |t| nonce(t, |nonce| format!("{nonce}A")),
            NO,
        ),
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
        ("two subs", |t| t.raw_claim(r#""sub":"mallory""#), NO),
        (
            "two issuers",
            |t| t.raw_claim(r#""iss":"https://evil.example""#),
            NO,
        ),
        ("two audiences", |t| t.raw_claim(r#""aud":"other""#), NO),
        ("two nonces", |t| t.raw_claim(r#""nonce":"other""#), NO),
        ("two ends", |t| t.raw_claim(r#""exp":9999999999"#), NO),
        ("two names", |t| t.raw_claim(r#""name":"Mallory""#), NO),
        (
            "two unknown members",
            |t| t.raw_claim(r#""x":1,"x":2"#),
            YES,
        ),
        (
            "names in other scripts",
            |t| t.claim("name", "Алиса \u{202e}ecilA \u{0}😀"),
            YES,
        ),
        (
            "an unknown claim of half a surrogate",
            |t| t.raw_claim(r#""y":"\ud800""#),
            YES,
        ),
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
        (
            "payload is an array",
            |t| t.payload = Some("[]".to_owned()),
            NO,
        ),
        (
            "payload is null",
            |t| t.payload = Some("null".to_owned()),
            NO,
        ),
        ("payload is empty", |t| t.payload = Some(String::new()), NO),
        (
            "payload is text",
            |t| t.payload = Some("alice".to_owned()),
            NO,
        ),
        (
            "payload with a tail",
            |t| t.payload = Some(format!("{} {{}}", t.claims)),
            NO,
        ),
        (
            "payload with a byte order mark",
            |t| t.payload = Some(format!("\u{feff}{}", t.claims)),
            NO,
        ),
        (
            "claims that do not fit the cookies",
            |t| t.claim("big", noise(12_000)),
            NO,
        ),
        (
            "claims that fit two cookies",
            |t| t.claim("big", noise(3_000)),
            YES,
        ),
    ])
    .await;
}

fn nonce(token: &mut IdToken, change: fn(&str) -> String) {
    let honest = token.claims["nonce"].as_str().unwrap().to_owned();
    token.claim("nonce", change(&honest));
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
