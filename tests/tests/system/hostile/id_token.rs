//! ID tokens that a provider must not get accepted, and odd ones that it may: who issued them, for
//! whom, and when.

use std::time::Duration;

use logto_tests::hostile::{APP_ID, Endpoint, Fixture, IdToken, NO, YES, each, each_token};
use serde_json::{Value, json};

#[tokio::test]
async fn who_issued_it_and_for_whom() {
    each_token(&[
        ("honest", |_| {}, YES),
        ("iss missing", |t| t.remove("iss"), NO),
        ("iss null", |t| t.claim("iss", Value::Null), NO),
        ("iss number", |t| t.claim("iss", 7), NO),
        ("iss array", |t| t.claim("iss", json!([t.claims["iss"]])), NO),
        ("iss empty", |t| t.claim("iss", ""), NO),
        ("iss other", |t| t.claim("iss", "https://evil.example/oidc"), NO),
        ("iss with slash", |t| iss(t, |iss| format!("{iss}/")), NO),
        ("iss upper case", |t| iss(t, str::to_uppercase), NO),
        ("iss without path", |t| iss(t, |iss| iss.replace("/oidc", "")), NO),
        (
            "iss localhost for 127.0.0.1",
            |t| iss(t, |iss| iss.replace("127.0.0.1", "localhost")),
            NO,
        ),
        ("iss with space", |t| iss(t, |iss| format!("{iss} ")), NO),
        ("aud missing", |t| t.remove("aud"), NO),
        ("aud null", |t| t.claim("aud", Value::Null), NO),
        ("aud number", |t| t.claim("aud", 7), NO),
        ("aud object", |t| t.claim("aud", json!({ APP_ID: true })), NO),
        ("aud empty", |t| t.claim("aud", ""), NO),
        ("aud empty array", |t| t.claim("aud", json!([])), NO),
        ("aud foreign", |t| t.claim("aud", "another-app"), NO),
        ("aud foreign array", |t| t.claim("aud", json!(["another-app"])), NO),
        ("aud begins with ours", |t| t.claim("aud", format!("{APP_ID}0")), NO),
        ("aud ours among words", |t| t.claim("aud", format!("x {APP_ID}")), NO),
        ("aud array of one", |t| t.claim("aud", json!([APP_ID])), YES),
        ("aud array twice ours, no azp", |t| t.claim("aud", json!([APP_ID, APP_ID])), NO),
        ("aud two, no azp", |t| t.claim("aud", json!([APP_ID, "another-app"])), NO),
        ("aud two, azp ours", |t| two(t, json!(APP_ID)), NO),
        ("aud two, azp other", |t| two(t, json!("another-app")), NO),
        ("aud array with null", |t| t.claim("aud", json!([APP_ID, null])), NO),
        ("aud array with number", |t| t.claim("aud", json!([APP_ID, 7])), NO),
        ("aud array in array", |t| t.claim("aud", json!([[APP_ID]])), NO),
        ("azp ours", |t| t.claim("azp", APP_ID), YES),
        ("azp other", |t| t.claim("azp", "another-app"), NO),
        ("azp empty", |t| t.claim("azp", ""), NO),
        ("azp null", |t| t.claim("azp", Value::Null), YES),
        ("azp array", |t| t.claim("azp", json!([APP_ID])), NO),
        ("aud is an organization", |t| t.claim("aud", "urn:logto:organization:o"), NO),
    ])
    .await;
}

#[tokio::test]
async fn a_sign_in_that_fails_leaves_no_refresh_token() {
    let rows: [(&str, (fn(&mut IdToken), usize)); 3] = [
        ("honest", (|_| {}, 0)),
        ("refused", (|t| t.claim("nonce", "other"), 1)),
        ("too large for a session", (|t| t.claim("name", "x".repeat(300_000)), 1)),
    ];
    each(rows, async |(bend, revoked)| {
        let mut fixture = Fixture::new().await;
        fixture.provider.bend_token(bend);
        fixture.sign_in().await;
        fixture.logto.drain(Duration::from_secs(30)).await;
        assert_eq!(fixture.provider.calls(Endpoint::Revocation).len(), revoked);
        fixture.finish();
    })
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
    each_token(&[
        ("exp missing", |t| t.remove("exp"), NO),
        ("exp null", |t| t.claim("exp", Value::Null), NO),
        ("exp string", |t| t.claim("exp", "1795346100"), NO),
        ("exp array", |t| t.claim("exp", json!([])), NO),
        ("exp zero", |t| t.claim("exp", 0), NO),
        ("exp negative", |t| t.claim("exp", -1), NO),
        ("exp minus infinity", |t| t.claim("exp", -1e300), NO),
        ("exp just over", |t| t.shift("exp", -3600), YES),
        // Some seconds of slack: the clock of the test goes on.
        ("exp just inside the tolerance", |t| t.shift("exp", -3600 - 55), YES),
        ("exp at the tolerance", |t| t.shift("exp", -3600 - 60), NO),
        ("exp outside the tolerance", |t| t.shift("exp", -3600 - 61), NO),
        ("exp in milliseconds", |t| thousandfold(t, "exp"), YES),
        ("exp fraction", |t| fraction(t, "exp"), YES),
        ("exp largest number", |t| t.claim("exp", u64::MAX), YES),
        ("exp beyond all numbers", |t| t.raw_claim(r#""exp":1e999"#), NO),
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
        ("auth_time string", |t| t.claim("auth_time", "yesterday"), YES),
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
