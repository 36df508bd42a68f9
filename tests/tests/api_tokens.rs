//! Accepted and refused tokens at the door of an API, over real sockets, in every framework.
//!
//! One table: what is sent where, and the status and `WWW-Authenticate` that come back. All
//! frameworks have to give the same answer, body included.

// Helpers of a test fail as the test does: by panicking. A row of a table is a row.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used
)]

use std::time::Duration;

use logto_tests::bearer::{CLIENT, ORGANIZATION, RESOURCE, Seen, Token, World};
use logto_tests::hostile::{Answer, Endpoint, Key};
use serde_json::{Value, json};

/// What comes back, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// 200, with who asks in which organization.
    In(&'static str),
    /// 401 without an error: there was no token.
    Missing,
    /// 400 `invalid_request`.
    Malformed,
    /// 401 `invalid_token`.
    Invalid,
    /// 403 `insufficient_scope`.
    Forbidden,
}

use Then::{Forbidden, In, Invalid, Malformed, Missing};

impl Then {
    fn assert(self, name: &str, seen: &Seen, scope: &str) {
        let (status, error) = match self {
            In(_) => (200, None),
            Missing => (401, None),
            Malformed => (400, Some("invalid_request")),
            Invalid => (401, Some("invalid_token")),
            Forbidden => (403, Some("insufficient_scope")),
        };
        assert_eq!(seen.status, status, "{name}: {seen:?}");
        if let In(body) = self {
            assert_eq!(
                (seen.body.as_str(), seen.challenge.as_str()),
                (body, ""),
                "{name}"
            );
            return;
        }
        let challenge = seen.challenge.as_str();
        let begin = format!("Bearer realm=\"{RESOURCE}\"");
        assert!(challenge.starts_with(&begin), "{name}: {seen:?}");
        let metadata =
            format!("resource_metadata=\"{RESOURCE}/.well-known/oauth-protected-resource\"");
        assert!(challenge.ends_with(&metadata), "{name}: {seen:?}");
        let said = |parameter: &str| {
            let from = challenge.split_once(&format!(" {parameter}=\""))?.1;
            from.split_once('"').map(|(value, _)| value.to_owned())
        };
        assert_eq!(said("error").as_deref(), error, "{name}: {seen:?}");
        let wanted = Some(scope).filter(|scope| !scope.is_empty());
        assert_eq!(said("scope").as_deref(), wanted, "{name}: {seen:?}");
        let description = said("error_description");
        assert_eq!(description.is_some(), error.is_some(), "{name}: {seen:?}");
        assert!(description.is_none_or(|text| text.len() < 80), "{name}");
        assert!(
            seen.headers
                .contains(&("cache-control", "no-store".to_owned()))
        );
    }
}

const ALICE: Then = In("alice in none");

/// What each token has to come to at `/any`, which asks for nothing but a token for this API.
#[tokio::test]
async fn a_token_is_believed_only_if_everything_about_it_is_right() {
    let foreign = Key::es384("first");
    let rows: Vec<(&str, Box<dyn Fn(Token) -> Token>, Then)> = vec![
        ("good", Box::new(|token| token), ALICE),
        // the header
        (
            "typ missing",
            Box::new(|t| t.without_header("typ")),
            Invalid,
        ),
        (
            "typ JWT",
            Box::new(|t| t.with_header("typ", "JWT")),
            Invalid,
        ),
        (
            "a logout token",
            Box::new(|t| t.with_header("typ", "logout+jwt")),
            Invalid,
        ),
        (
            "typ null",
            Box::new(|t| t.with_header("typ", json!(null))),
            Invalid,
        ),
        (
            "typ a list",
            Box::new(|t| t.with_header("typ", json!(["at+jwt"]))),
            Invalid,
        ),
        (
            "typ in full",
            Box::new(|t| t.with_header("typ", "application/at+jwt")),
            ALICE,
        ),
        (
            "typ in capitals",
            Box::new(|t| t.with_header("typ", "AT+JWT")),
            ALICE,
        ),
        ("alg none", Box::new(|t| t.by(&Key::none())), Invalid),
        (
            "alg none, kid ours",
            Box::new(|t| t.by(&Key::none().named("first"))),
            Invalid,
        ),
        (
            "alg of another curve",
            Box::new(|t| t.with_header("alg", "ES256")),
            Invalid,
        ),
        (
            "alg RS256 on an EC key",
            Box::new(|t| t.with_header("alg", "RS256")),
            Invalid,
        ),
        (
            "kid missing",
            Box::new(|t| t.with_header("kid", json!(null))),
            ALICE,
        ),
        (
            "kid unknown",
            Box::new(|t| t.with_header("kid", "other")),
            Invalid,
        ),
        (
            "kid a number",
            Box::new(|t| t.with_header("kid", 1)),
            Invalid,
        ),
        (
            "crit",
            Box::new(|t| t.with_header("crit", json!(["exp"]))),
            Invalid,
        ),
        (
            "jwk of the attacker",
            {
                let jwk = foreign.jwk();
                let foreign = foreign.clone();
                Box::new(move |t| t.with_header("jwk", jwk.clone()).by(&foreign))
            },
            Invalid,
        ),
        (
            "another's key under our kid",
            {
                let foreign = foreign.clone();
                Box::new(move |t| t.by(&foreign))
            },
            Invalid,
        ),
        (
            "DER signature",
            Box::new(|t| t.by(&Key::es384_der("first"))),
            Invalid,
        ),
        // iss
        ("iss missing", Box::new(|t| t.without("iss")), Invalid),
        (
            "iss another",
            Box::new(|t| t.with("iss", "https://evil.example/oidc")),
            Invalid,
        ),
        (
            "iss with a slash",
            Box::new(|t| {
                let iss = format!("{}/", t.claims["iss"].as_str().unwrap());
                t.with("iss", iss)
            }),
            Invalid,
        ),
        (
            "iss a list",
            Box::new(|t| {
                let iss = json!([t.claims["iss"]]);
                t.with("iss", iss)
            }),
            Invalid,
        ),
        // aud
        ("aud missing", Box::new(|t| t.without("aud")), Invalid),
        (
            "aud null",
            Box::new(|t| t.with("aud", json!(null))),
            Invalid,
        ),
        ("aud empty", Box::new(|t| t.with("aud", json!([]))), Invalid),
        (
            "aud another API",
            Box::new(|t| t.with("aud", "https://other.example.test")),
            Invalid,
        ),
        (
            "aud with a slash",
            Box::new(|t| t.with("aud", format!("{RESOURCE}/"))),
            Invalid,
        ),
        (
            "aud the app: an ID token",
            Box::new(|t| t.with("aud", CLIENT)),
            Invalid,
        ),
        (
            "aud a list with us",
            Box::new(|t| t.with("aud", json!(["x", RESOURCE]))),
            ALICE,
        ),
        (
            "aud a list without us",
            Box::new(|t| t.with("aud", json!(["x", "y"]))),
            Invalid,
        ),
        ("aud a number", Box::new(|t| t.with("aud", 1)), Invalid),
        (
            "aud an organization",
            Box::new(|t| t.with("aud", format!("urn:logto:organization:{ORGANIZATION}"))),
            Forbidden,
        ),
        // times
        ("exp missing", Box::new(|t| t.without("exp")), Invalid),
        (
            "exp text",
            Box::new(|t| t.with("exp", "9999999999")),
            Invalid,
        ),
        (
            "exp null",
            Box::new(|t| t.with("exp", json!(null))),
            Invalid,
        ),
        ("exp negative", Box::new(|t| t.with("exp", -1)), Invalid),
        ("expired", Box::new(|t| shift(t, "exp", -3661)), Invalid),
        (
            "expired within the tolerance",
            Box::new(|t| shift(t, "exp", -3630)),
            ALICE,
        ),
        (
            "nbf past",
            Box::new(|t| {
                let now = t.claims["iat"].clone();
                t.with("nbf", now)
            }),
            ALICE,
        ),
        (
            "nbf early",
            Box::new(|t| {
                let later = t.claims["exp"].clone();
                t.with("nbf", later)
            }),
            Invalid,
        ),
        ("nbf text", Box::new(|t| t.with("nbf", "0")), Invalid),
        ("iat missing", Box::new(|t| t.without("iat")), Invalid),
        ("iat text", Box::new(|t| t.with("iat", "0")), Invalid),
        (
            "iat in the future",
            Box::new(|t| shift(t, "iat", 120)),
            Invalid,
        ),
        (
            "iat in milliseconds",
            Box::new(|t| {
                let seconds = t.claims["iat"].as_u64().unwrap();
                t.with("iat", seconds * 1000)
            }),
            Invalid,
        ),
        (
            "iat long ago",
            Box::new(|t| shift(t, "iat", -86_400)),
            ALICE,
        ),
        // who
        ("sub missing", Box::new(|t| t.without("sub")), Invalid),
        ("sub empty", Box::new(|t| t.with("sub", "")), Invalid),
        ("sub a number", Box::new(|t| t.with("sub", 1)), Invalid),
        (
            "client_id missing",
            Box::new(|t| t.without("client_id")),
            Invalid,
        ),
        (
            "client_id empty",
            Box::new(|t| t.with("client_id", "")),
            Invalid,
        ),
        (
            "client_id a list",
            Box::new(|t| t.with("client_id", json!([CLIENT]))),
            Invalid,
        ),
        (
            "sub and client_id swapped",
            Box::new(|t| {
                let sub = t.claims["sub"].clone();
                t.with("sub", CLIENT).with("client_id", sub)
            }),
            In("8s6wye3gb7dq9a4n54lsn in none"),
        ),
        ("jti missing", Box::new(|t| t.without("jti")), ALICE),
        // what
        ("scope missing", Box::new(|t| t.without("scope")), ALICE),
        ("scope empty", Box::new(|t| t.with("scope", "")), ALICE),
        (
            "scope a list",
            Box::new(|t| t.with("scope", json!(["read:things"]))),
            Invalid,
        ),
        (
            "organization",
            Box::new(|t| t.with("organization_id", "o")),
            In("alice in o"),
        ),
        (
            "organization a list",
            Box::new(|t| t.with("organization_id", json!(["o"]))),
            Invalid,
        ),
        // the payload
        ("not JSON", Box::new(|t| with_payload(t, "{")), Invalid),
        ("no object", Box::new(|t| with_payload(t, "[]")), Invalid),
        (
            "a claim twice",
            Box::new(|t| {
                let payload = t
                    .claims
                    .to_string()
                    .replacen('{', "{\"sub\":\"mallory\",", 1);
                with_payload(t, &payload)
            }),
            Invalid,
        ),
        (
            "escapes in a claim",
            Box::new(|t| {
                let payload = t.claims.to_string().replace("alice", "\\u0061lice");
                with_payload(t, &payload)
            }),
            ALICE,
        ),
    ];
    let world = World::new().await;
    for (name, change, then) in rows {
        // Twice: what was refused is refused again, what was believed comes from the cache.
        let token = change(world.token()).sign();
        for time in ["once", "again"] {
            let seen = world.ask_with("/any", &token).await;
            then.assert(&format!("{name}, {time}"), &seen, "");
        }
    }
}

fn shift(token: Token, name: &str, seconds: i64) -> Token {
    let time = token
        .claims
        .get(name)
        .and_then(Value::as_i64)
        .expect("a time");
    token.with(name, time + seconds)
}

fn with_payload(token: Token, payload: &str) -> Token {
    Token {
        payload: Some(payload.to_owned()),
        ..token
    }
}

#[tokio::test]
async fn every_algorithm_of_logto_is_verified() {
    for key in [
        Key::es256("k"),
        Key::es384("k"),
        Key::es512("k"),
        Key::rs256("k"),
        Key::ps256("k"),
    ] {
        let world = World::new().await;
        world.provider.rotate_to(&key);
        let seen = world.ask_with("/any", &world.token().sign()).await;
        ALICE.assert(key.alg, &seen, "");
    }
    // A shared secret is no key, not even one that is published, nor a public key used as one.
    let world = World::new().await;
    let secret = Key::hs256("secret", "a secret that everybody knows");
    world
        .provider
        .publish([world.provider.key().jwk(), secret.jwk()]);
    let confused = Key::hs256("first", world.provider.key().public_bytes());
    for key in [secret, confused] {
        let seen = world.ask_with("/any", &world.token().by(&key).sign()).await;
        Invalid.assert("HS256", &seen, "");
    }
}

#[tokio::test]
async fn a_damaged_token_is_refused() {
    let world = World::new().await;
    let good = world.token().sign();
    ALICE.assert("good", &world.ask_with("/any", &good).await, "");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other = world.token().with("sub", "mallory").sign();
    let (other_signed, _) = other.rsplit_once('.').unwrap();
    for (name, token) in [
        (
            "another payload under a known signature",
            format!("{other_signed}.{signature}"),
        ),
        ("no signature", format!("{signed}.")),
        ("half a signature", format!("{signed}.{}", &signature[..64])),
        ("a longer signature", format!("{good}AAAA")),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.AAAA")),
        (
            "an opaque token",
            "Vn-JVu-Af80zMl-_H3y7IBeI7h2b3uJNS8uw8XhXeit".to_owned(),
        ),
        ("a personal access token", "pat_0123456789abcdef".to_owned()),
        ("dots", "..".to_owned()),
        ("17 KiB", "a".repeat(17 * 1024)),
    ] {
        Invalid.assert(name, &world.ask_with("/any", &token).await, "");
    }
    ALICE.assert("still good", &world.ask_with("/any", &good).await, "");
}

#[tokio::test]
async fn credentials_are_one_bearer_token_in_the_header() {
    let world = World::new().await;
    let token = world.token().sign();
    let with = |scheme: &str| format!("{scheme}{token}");
    let (bearer, small, loud) = (with("Bearer "), with("bearer "), with("BEARER   "));
    let (glued, list, cut) = (with("Bearer"), with("Bearer a, "), with("Bearer a "));
    let query = format!("/any?access_token={token}");
    for (name, path, headers, then) in [
        ("Bearer", "/any", vec![bearer.as_str()], ALICE),
        ("bearer", "/any", vec![&small], ALICE),
        ("BEARER and spaces", "/any", vec![&loud], ALICE),
        ("nothing", "/any", vec![], Missing),
        ("Basic", "/any", vec!["Basic dXNlcjpwYXNz"], Missing),
        ("no space", "/any", vec![&glued], Missing),
        ("no scheme", "/any", vec![&token], Missing),
        ("in the query", &query, vec![], Missing),
        ("Bearer alone", "/any", vec!["Bearer"], Malformed),
        ("a list", "/any", vec![&list], Malformed),
        ("two words", "/any", vec![&cut], Malformed),
        ("the same twice", "/any", vec![&bearer, &bearer], Malformed),
        (
            "two schemes",
            "/any",
            vec!["Basic dXNlcjpwYXNz", &bearer],
            Malformed,
        ),
    ] {
        let headers: Vec<_> = headers.into_iter().map(|h| ("authorization", h)).collect();
        then.assert(name, &world.ask(path, &headers).await, "");
    }
}

#[tokio::test]
async fn a_route_asks_for_permissions_and_organizations() {
    const READ: &str = "read:things";
    const BOTH: &str = "read:things write:things";
    let things = format!("/organizations/{ORGANIZATION}/things");
    let members = format!("/organizations/{ORGANIZATION}/members");
    let here = In("alice in wpmklpcc20gc");
    let machine = In("8s6wye3gb7dq9a4n54lsn in none");
    let plain = |token: Token| token;
    let without = |token: Token| token.without("scope");
    let both = |token: Token| token.with("scope", BOTH);
    let write = |token: Token| token.with("scope", "write:things");
    let longer = |token: Token| token.with("scope", "read:things:all xread:things");
    let ours = |token: Token| token.with("organization_id", ORGANIZATION);
    let other = |token: Token| token.with("organization_id", "elsewhere");
    let empty = |token: Token| token.with("organization_id", "");
    let of_organization = |token: Token| {
        let aud = format!("urn:logto:organization:{ORGANIZATION}");
        token.with("aud", aud).with("scope", "read:members")
    };
    let of_other = |token: Token| {
        let aud = "urn:logto:organization:elsewhere";
        token.with("aud", aud).with("scope", "read:members")
    };
    let as_machine = |token: Token| token.with("sub", CLIENT);
    let rows: [(&str, &str, fn(Token) -> Token, Then); 33] = [
        ("/read", READ, plain, ALICE),
        ("/read", READ, both, ALICE),
        ("/read", READ, without, Forbidden),
        ("/read", READ, write, Forbidden),
        ("/read", READ, longer, Forbidden),
        ("/read", READ, as_machine, machine),
        ("/read-and-write", BOTH, plain, Forbidden),
        ("/read-and-write", BOTH, both, ALICE),
        ("/read-or-write", READ, plain, ALICE),
        ("/read-or-write", READ, write, ALICE),
        ("/read-or-write", READ, without, Forbidden),
        (&things, READ, ours, here),
        (&things, READ, plain, Forbidden),
        (&things, READ, other, Forbidden),
        (&things, READ, empty, Forbidden),
        (&things, READ, of_organization, Forbidden),
        ("/of-header", "", ours, Malformed),
        ("/of-some", "", ours, here),
        ("/of-some", "", other, In("alice in elsewhere")),
        ("/of-some", "", plain, Forbidden),
        ("/of-none", "", plain, ALICE),
        ("/of-none", "", ours, Forbidden),
        (&members, "read:members", of_organization, here),
        (&members, "read:members", of_other, Forbidden),
        (&members, "read:members", ours, Forbidden),
        (&members, "read:members", plain, Forbidden),
        ("/any", "", of_organization, Forbidden),
        ("/machines", "", as_machine, machine),
        ("/machines", "", plain, Forbidden),
        ("/users", "", plain, ALICE),
        ("/users", "", as_machine, Forbidden),
        ("/misplaced/wpmklpcc20gc", "", ours, Forbidden),
        ("/misplaced/wpmklpcc20gc", "", plain, Forbidden),
    ];
    let world = World::new().await;
    for (path, scope, change, then) in rows {
        let token = change(world.token());
        for time in ["once", "again"] {
            let seen = world.ask_with(path, &token.sign()).await;
            let name = format!("{path}, {time}: {}", token.claims);
            then.assert(&name, &seen, scope);
        }
    }
    let authorization = format!("Bearer {}", ours(world.token()).sign());
    for (organization, then) in [
        (ORGANIZATION, here),
        ("elsewhere", Forbidden),
        ("", Forbidden),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("x-organization", organization),
        ];
        let seen = world.ask("/of-header", &headers).await;
        then.assert(organization, &seen, "");
    }
    // A path parameter is compared as the route sees it.
    let odd = ours(world.token()).with("organization_id", "a b").sign();
    let seen = world.ask_with("/organizations/a%20b/things", &odd).await;
    In("alice in a b").assert("an id that is encoded", &seen, READ);
}

#[tokio::test]
async fn the_metadata_says_where_tokens_come_from() {
    let world = World::new().await;
    let seen = world
        .ask("/.well-known/oauth-protected-resource", &[])
        .await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let document: Value = serde_json::from_str(&seen.body).unwrap();
    let expected = json!({
        "resource": RESOURCE,
        "authorization_servers": [world.provider.issuer()],
        "scopes_supported": ["read:things", "write:things"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document, expected);
    assert!(
        seen.headers
            .contains(&("access-control-allow-origin", "*".to_owned()))
    );
}

#[tokio::test]
async fn an_outage_refuses_nobody_and_the_api_starts_without_logto() {
    let world = World::new().await;
    let bends: [(&str, Endpoint, fn(Answer) -> Answer); 4] = [
        ("discovery down", Endpoint::Discovery, |_| {
            Answer::text(503, "")
        }),
        ("keys down", Endpoint::Jwks, |_| Answer::text(500, "")),
        ("keys unusable", Endpoint::Jwks, |_| {
            Answer::text(200, r#"{"keys":[]}"#)
        }),
        ("keys cut", Endpoint::Jwks, Answer::cut),
    ];
    let token = world.token().sign();
    for (name, endpoint, bend) in bends {
        world.provider.bend(endpoint, move |answer, _| bend(answer));
        let seen = world.ask_with("/any", &token).await;
        assert_eq!(
            (seen.status, seen.challenge.as_str()),
            (503, ""),
            "{name}: {seen:?}"
        );
        assert!(
            seen.headers.contains(&("retry-after", "5".to_owned())),
            "{name}: {seen:?}"
        );
        // What can be told without keys is told.
        let old = shift(world.token(), "exp", -7200).sign();
        Invalid.assert(name, &world.ask_with("/any", &old).await, "");
        world.provider.relent();
    }
    ALICE.assert("back again", &world.ask_with("/any", &token).await, "");

    // Known keys go on, also for tokens that were not seen before.
    world
        .provider
        .bend(Endpoint::Jwks, |_, _| Answer::text(503, ""));
    world
        .provider
        .bend(Endpoint::Discovery, |_, _| Answer::text(503, ""));
    world.clock.advance(Duration::from_secs(7200));
    ALICE.assert(
        "known keys",
        &world.ask_with("/any", &world.token().sign()).await,
        "",
    );
}

#[tokio::test]
async fn a_token_that_was_seen_before_ends_with_its_time_and_with_its_key() {
    let world = World::new().await;
    let token = world.token().sign();
    ALICE.assert("seen", &world.ask_with("/any", &token).await, "");
    world.clock.advance(Duration::from_secs(3659));
    ALICE.assert(
        "within the tolerance",
        &world.ask_with("/any", &token).await,
        "",
    );
    world.clock.advance(Duration::from_secs(1));
    Invalid.assert("over", &world.ask_with("/any", &token).await, "");

    let old = world.token().sign();
    ALICE.assert("seen", &world.ask_with("/any", &old).await, "");
    world.provider.rotate_to(&Key::es384("new"));
    ALICE.assert(
        "not known to have changed",
        &world.ask_with("/any", &old).await,
        "",
    );
    ALICE.assert(
        "new key",
        &world.ask_with("/any", &world.token().sign()).await,
        "",
    );
    Invalid.assert("withdrawn key", &world.ask_with("/any", &old).await, "");
}
