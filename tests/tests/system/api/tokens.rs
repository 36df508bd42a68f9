//! Accepted and refused tokens at the adapter of an API, over real sockets, in every framework.
//!
//! One table: what the token is, what comes of it, and how it differs from a good one. Status and
//! header of each outcome are those of [`Then`]; all frameworks have to give the same answer, body
//! included.

use std::sync::LazyLock;

use logto_tests::bearer::Then::{In, Invalid};
use logto_tests::bearer::{ALICE, CLIENT, Fixture, ORGANIZATION, RESOURCE, Then, Token};
use logto_tests::hostile::Key;
use serde_json::{Value, json};

/// What a token is called, what comes of it, and how it differs from a good one.
type Row = (&'static str, Then, fn(Token) -> Token);

/// A key of someone else, under the id of ours.
static FOREIGN: LazyLock<Key> = LazyLock::new(|| Key::es384("first"));

const NULL: Value = Value::Null;
const MACHINE: Then = In("8s6wye3gb7dq9a4n54lsn in none");

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Good.
    ("as Logto makes them", ALICE, |t| t),
    ("typ in full", ALICE, |t| t.with_header("typ", "application/at+jwt")),
    ("typ in capitals", ALICE, |t| t.with_header("typ", "AT+JWT")),
    ("kid missing", ALICE, |t| t.with_header("kid", NULL)),
    ("aud a list", ALICE, |t| t.with("aud", json!(["x", RESOURCE]))),
    ("aud a list of one", ALICE, |t| t.with("aud", json!([RESOURCE]))),
    ("over, but tolerably", ALICE, |t| t.shift("exp", -3630)),
    ("nbf past", ALICE, |t| t.with("nbf", 1)),
    ("nbf null", ALICE, |t| t.with("nbf", NULL)),
    ("nbf in a moment", ALICE, |t| later(t, "nbf", 30)),
    ("iat long ago", ALICE, |t| t.shift("iat", -86_400)),
    ("iat with a fraction", ALICE, |t| t.with("iat", 1.5)),
    ("jti missing", ALICE, |t| t.without("jti")),
    ("scope missing", ALICE, |t| t.without("scope")),
    ("scope empty", ALICE, |t| t.with("scope", "")),
    ("escapes", ALICE, |t| replaced(t, "alice", "\\u0061lice")),
    ("a claim that no one knows", ALICE, |t| t.with("plan", json!({ "is": "free" }))),
    ("organization", In("alice in o"), |t| t.with("organization_id", "o")),
    ("no one acts for the user", ALICE, |t| t.with("act", NULL)),
    // Someone acts for the user, which no policy here allows.
    ("an actor", Then::Forbidden, |t| t.with("act", json!({ "sub": "bob" }))),
    ("an actor for an actor", Then::Forbidden, |t| {
        t.with("act", json!({ "sub": "bob", "act": { "sub": "agent" } }))
    }),
    ("an actor without sub", Invalid, |t| t.with("act", json!({ "client_id": "agent" }))),
    ("an actor that is text", Invalid, |t| t.with("act", "bob")),
    ("an actor of an actor that is text", Invalid, |t| {
        t.with("act", json!({ "sub": "bob", "act": "agent" }))
    }),
    // Genuine, and no token for an API.
    ("an organization token", Invalid, |t| t.with("aud", of_organization(ORGANIZATION))),
    ("an organization token, aud a list", Invalid, |t| {
        t.with("aud", json!([of_organization(ORGANIZATION)]))
    }),
    // Other tokens of Logto, signed with the same keys.
    ("an ID token", Invalid, |t| t.without_header("typ").with("aud", CLIENT).without("client_id")),
    ("a logout token", Invalid, |t| t.with_header("typ", "logout+jwt").with("aud", CLIENT)),
    ("a token for another API", Invalid, |t| t.with("aud", "https://other.example.test")),
    // Header.
    ("typ missing", Invalid, |t| t.without_header("typ")),
    ("typ JWT", Invalid, |t| t.with_header("typ", "JWT")),
    ("typ logout+jwt", Invalid, |t| t.with_header("typ", "logout+jwt")),
    ("typ null", Invalid, |t| t.with_header("typ", NULL)),
    ("typ a list", Invalid, |t| t.with_header("typ", json!(["at+jwt"]))),
    ("alg none", Invalid, |t| t.by(&Key::none())),
    ("alg none, our kid", Invalid, |t| t.by(&Key::none().named("first"))),
    ("alg of another curve", Invalid, |t| t.with_header("alg", "ES256")),
    ("alg of RSA", Invalid, |t| t.with_header("alg", "RS256")),
    ("alg missing", Invalid, |t| t.with_header("alg", NULL)),
    ("alg a list", Invalid, |t| t.with_header("alg", json!(["ES384"]))),
    ("kid unknown", Invalid, |t| t.with_header("kid", "other")),
    ("kid a number", Invalid, |t| t.with_header("kid", 1)),
    ("crit", Invalid, |t| t.with_header("crit", json!(["exp"]))),
    ("their jwk", Invalid, |t| t.with_header("jwk", FOREIGN.jwk()).by(&FOREIGN)),
    ("their key, our kid", Invalid, |t| t.by(&FOREIGN)),
    ("a DER signature", Invalid, |t| t.by(&Key::es384_der("first"))),
    // Missing.
    ("iss missing", Invalid, |t| t.without("iss")),
    ("aud missing", Invalid, |t| t.without("aud")),
    ("exp missing", Invalid, |t| t.without("exp")),
    ("iat missing", Invalid, |t| t.without("iat")),
    ("sub missing", Invalid, |t| t.without("sub")),
    ("client_id missing", Invalid, |t| t.without("client_id")),
    // Of another type.
    ("iss a list", Invalid, |t| {
        let issuer = t.claims["iss"].clone();
        t.with("iss", json!([issuer]))
    }),
    ("iss null", Invalid, |t| t.with("iss", NULL)),
    ("aud null", Invalid, |t| t.with("aud", NULL)),
    ("aud empty", Invalid, |t| t.with("aud", json!([]))),
    ("aud a number", Invalid, |t| t.with("aud", 1)),
    ("aud a list with a number", Invalid, |t| t.with("aud", json!([RESOURCE, 1]))),
    ("aud an object", Invalid, |t| t.with("aud", json!({ RESOURCE: RESOURCE }))),
    ("exp text", Invalid, |t| t.with("exp", "9999999999")),
    ("exp null", Invalid, |t| t.with("exp", NULL)),
    ("nbf text", Invalid, |t| t.with("nbf", "0")),
    ("iat text", Invalid, |t| t.with("iat", "0")),
    ("iat null", Invalid, |t| t.with("iat", NULL)),
    ("sub a number", Invalid, |t| t.with("sub", 1)),
    ("sub null", Invalid, |t| t.with("sub", NULL)),
    ("sub empty", Invalid, |t| t.with("sub", "")),
    ("client_id empty", Invalid, |t| t.with("client_id", "")),
    ("client_id null", Invalid, |t| t.with("client_id", NULL)),
    ("client_id a list", Invalid, |t| t.with("client_id", json!([CLIENT]))),
    ("jti a number", Invalid, |t| t.with("jti", 1)),
    ("scope a list", Invalid, |t| t.with("scope", json!(["read:things"]))),
    ("scope null", Invalid, |t| t.with("scope", NULL)),
    ("organization a list", Invalid, |t| t.with("organization_id", json!(["o"]))),
    ("organization a number", Invalid, |t| t.with("organization_id", 1)),
    ("no JSON", Invalid, |t| t.with_payload("{")),
    ("no object", Invalid, |t| t.with_payload("[]")),
    ("sub twice", Invalid, |t| replaced(t, "{", "{\"sub\":\"mallory\",")),
    // Of another value.
    ("iss another", Invalid, |t| t.with("iss", "https://evil.example/oidc")),
    ("iss with a slash", Invalid, |t| {
        let issuer = t.claims["iss"].as_str().unwrap().to_owned();
        t.with("iss", issuer + "/")
    }),
    ("aud with a slash", Invalid, |t| t.with("aud", format!("{RESOURCE}/"))),
    ("aud the beginning of ours", Invalid, |t| t.with("aud", "https://api.example.tes")),
    ("aud the app, as in an ID token", Invalid, |t| t.with("aud", CLIENT)),
    ("aud a list of others", Invalid, |t| t.with("aud", json!(["x", "y"]))),
    ("aud two organizations", Invalid, |t| {
        t.with("aud", json!([of_organization("a"), of_organization("b")]))
    }),
    ("aud no one's organization", Invalid, |t| t.with("aud", of_organization(""))),
    // Over, and too early.
    ("over", Invalid, |t| t.shift("exp", -3661)),
    ("over since 1970", Invalid, |t| t.with("exp", -1)),
    ("nbf to come", Invalid, |t| later(t, "nbf", 90)),
    ("iat to come", Invalid, |t| t.shift("iat", 90)),
    ("iat in milliseconds", Invalid, |t| {
        let issued_at = t.claims["iat"].as_u64().unwrap();
        t.with("iat", issued_at * 1000)
    }),
    // Swapped.
    ("sub and client_id swapped", MACHINE, |t| t.with("sub", CLIENT).with("client_id", "alice")),
    ("iss and aud swapped", Invalid, |t| swapped(t, "iss", "aud")),
    ("exp and iat swapped", Invalid, |t| swapped(t, "exp", "iat")),
    ("nbf and exp swapped", Invalid, |t| swapped(t.with("nbf", 1), "nbf", "exp")),
    ("sub and aud swapped", Invalid, |t| swapped(t, "sub", "aud")),
];

/// Sends each token to `/any`, which asks for nothing but a token for this API. Twice: what was
/// refused is refused again, and what was believed comes from the cache.
#[tokio::test]
async fn every_token_gets_the_same_answer_in_every_framework() {
    let fixture = Fixture::new().await;
    for (name, then, change) in TABLE {
        let token = change(fixture.token()).sign();
        for time in ["once", "again"] {
            let seen = fixture.ask_with("/any", &token).await;
            then.assert(&format!("{name}, {time}"), &seen, "");
        }
    }
}

fn of_organization(id: &str) -> String {
    format!("urn:logto:organization:{id}")
}

/// A claim with a time that is so many seconds after the token was issued.
fn later(token: Token, name: &str, seconds: i64) -> Token {
    let issued_at = token.claims["iat"].clone();
    token.with(name, issued_at).shift(name, seconds)
}

fn swapped(token: Token, one: &str, other: &str) -> Token {
    let (left, right) = (token.claims[one].clone(), token.claims[other].clone());
    token.with(one, right).with(other, left)
}

/// With another text in the payload, once.
fn replaced(token: Token, text: &str, with: &str) -> Token {
    let payload = token.claims.to_string();
    token.with_payload(payload.replacen(text, with, 1))
}
