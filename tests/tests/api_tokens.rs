//! Accepted and refused tokens at the door of an API, over real sockets, in every framework.
//!
//! One table for each outcome: how a token differs from a good one. All frameworks have to give the
//! same answer, body included.

// Helpers of a test fail as the test does: by panicking. A row of a table is a row.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::LazyLock;

use logto_tests::bearer::Then::{Forbidden, In, Invalid};
use logto_tests::bearer::{ALICE, CLIENT, ORGANIZATION, RESOURCE, Then, Token, World};
use logto_tests::hostile::Key;
use serde_json::{Value, json};

/// What a token is called, and how it differs from a good one.
type Row = (&'static str, fn(Token) -> Token);

/// A key of somebody else, under the id of ours.
static FOREIGN: LazyLock<Key> = LazyLock::new(|| Key::es384("first"));

const NULL: Value = Value::Null;

/// Sends each token to `/any`, which asks for nothing but a token for this API. Twice: what was
/// refused is refused again, and what was believed comes from the cache.
async fn check(rows: &[Row], then: Then) {
    let world = World::new().await;
    for (name, change) in rows {
        let token = change(world.token()).sign();
        for time in ["once", "again"] {
            let seen = world.ask_with("/any", &token).await;
            then.assert(&format!("{name}, {time}"), &seen, "");
        }
    }
}

#[tokio::test]
async fn good_tokens_are_believed() {
    let rows: [Row; 14] = [
        ("as Logto makes them", |t| t),
        ("typ in full", |t| {
            t.with_header("typ", "application/at+jwt")
        }),
        ("typ in capitals", |t| t.with_header("typ", "AT+JWT")),
        ("kid missing", |t| t.with_header("kid", NULL)),
        ("aud a list", |t| t.with("aud", json!(["x", RESOURCE]))),
        ("over, but tolerably", |t| t.shift("exp", -3630)),
        ("nbf past", |t| t.with("nbf", 1)),
        ("nbf in a moment", |t| later(t, "nbf", 30)),
        ("iat long ago", |t| t.shift("iat", -86_400)),
        ("iat with a fraction", |t| t.with("iat", 1.5)),
        ("jti missing", |t| t.without("jti")),
        ("scope missing", |t| t.without("scope")),
        ("scope empty", |t| t.with("scope", "")),
        ("escapes", |t| {
            let payload = t.claims.to_string();
            t.with_payload(payload.replace("alice", "\\u0061lice"))
        }),
    ];
    check(&rows, ALICE).await;
    let within: [Row; 1] = [("organization", |t| t.with("organization_id", "o"))];
    check(&within, In("alice in o")).await;
    let swapped: [Row; 1] = [("sub and client_id swapped", |t| {
        t.with("sub", CLIENT).with("client_id", "alice")
    })];
    check(&swapped, In("8s6wye3gb7dq9a4n54lsn in none")).await;
    // Genuine, and no token for an API.
    let organization: [Row; 1] = [("an organization token", |t| {
        t.with("aud", format!("urn:logto:organization:{ORGANIZATION}"))
    })];
    check(&organization, Forbidden).await;
}

#[tokio::test]
async fn a_wrong_header_is_refused() {
    let rows: [Row; 16] = [
        ("typ missing", |t| t.without_header("typ")),
        ("typ JWT", |t| t.with_header("typ", "JWT")),
        ("a logout token", |t| t.with_header("typ", "logout+jwt")),
        ("typ null", |t| t.with_header("typ", NULL)),
        ("typ a list", |t| t.with_header("typ", json!(["at+jwt"]))),
        ("alg none", |t| t.by(&Key::none())),
        ("alg none, our kid", |t| t.by(&Key::none().named("first"))),
        ("alg of another curve", |t| t.with_header("alg", "ES256")),
        ("alg of RSA", |t| t.with_header("alg", "RS256")),
        ("alg missing", |t| t.with_header("alg", NULL)),
        ("kid unknown", |t| t.with_header("kid", "other")),
        ("kid a number", |t| t.with_header("kid", 1)),
        ("crit", |t| t.with_header("crit", json!(["exp"]))),
        ("their jwk", |t| {
            t.with_header("jwk", FOREIGN.jwk()).by(&FOREIGN)
        }),
        ("their key, our kid", |t| t.by(&FOREIGN)),
        ("a DER signature", |t| t.by(&Key::es384_der("first"))),
    ];
    check(&rows, Invalid).await;
}

#[tokio::test]
async fn a_missing_claim_is_refused() {
    let rows: [Row; 6] = [
        ("iss", |t| t.without("iss")),
        ("aud", |t| t.without("aud")),
        ("exp", |t| t.without("exp")),
        ("iat", |t| t.without("iat")),
        ("sub", |t| t.without("sub")),
        ("client_id", |t| t.without("client_id")),
    ];
    check(&rows, Invalid).await;
}

#[tokio::test]
async fn a_claim_of_another_type_is_refused() {
    let rows: [Row; 17] = [
        ("iss a list", |t| {
            let issuer = t.claims["iss"].clone();
            t.with("iss", json!([issuer]))
        }),
        ("aud null", |t| t.with("aud", NULL)),
        ("aud empty", |t| t.with("aud", json!([]))),
        ("aud a number", |t| t.with("aud", 1)),
        ("exp text", |t| t.with("exp", "9999999999")),
        ("exp null", |t| t.with("exp", NULL)),
        ("nbf text", |t| t.with("nbf", "0")),
        ("iat text", |t| t.with("iat", "0")),
        ("sub a number", |t| t.with("sub", 1)),
        ("sub empty", |t| t.with("sub", "")),
        ("client_id empty", |t| t.with("client_id", "")),
        ("client_id a list", |t| t.with("client_id", json!([CLIENT]))),
        ("scope a list", |t| t.with("scope", json!(["read:things"]))),
        ("organization a list", |t| {
            t.with("organization_id", json!(["o"]))
        }),
        ("no JSON", |t| t.with_payload("{")),
        ("no object", |t| t.with_payload("[]")),
        ("sub twice", |t| {
            let payload = t.claims.to_string();
            t.with_payload(payload.replacen('{', "{\"sub\":\"mallory\",", 1))
        }),
    ];
    check(&rows, Invalid).await;
}

#[tokio::test]
async fn a_wrong_claim_is_refused() {
    let rows: [Row; 13] = [
        ("iss another", |t| {
            t.with("iss", "https://evil.example/oidc")
        }),
        ("iss with a slash", |t| {
            let issuer = t.claims["iss"].as_str().unwrap().to_owned();
            t.with("iss", issuer + "/")
        }),
        ("aud another API", |t| {
            t.with("aud", "https://other.example.test")
        }),
        ("aud with a slash", |t| {
            t.with("aud", format!("{RESOURCE}/"))
        }),
        ("aud the app, as in an ID token", |t| t.with("aud", CLIENT)),
        ("aud a list of others", |t| t.with("aud", json!(["x", "y"]))),
        ("aud two organizations", |t| {
            let of = |id| format!("urn:logto:organization:{id}");
            t.with("aud", json!([of("a"), of("b")]))
        }),
        ("over", |t| t.shift("exp", -3661)),
        ("over since 1970", |t| t.with("exp", -1)),
        ("too early", |t| later(t, "nbf", 90)),
        ("iat in the future", |t| t.shift("iat", 90)),
        ("iat in milliseconds", |t| in_milliseconds(t)),
        ("nobody's organization token", |t| {
            t.with("aud", "urn:logto:organization:")
        }),
    ];
    check(&rows, Invalid).await;
}

/// A claim with a time that is so many seconds after the token was issued.
fn later(token: Token, name: &str, seconds: i64) -> Token {
    let issued_at = token.claims["iat"].clone();
    token.with(name, issued_at).shift(name, seconds)
}

fn in_milliseconds(token: Token) -> Token {
    let issued_at = token.claims["iat"].as_u64().unwrap();
    token.with("iat", issued_at * 1000)
}
