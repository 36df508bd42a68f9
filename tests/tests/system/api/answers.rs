//! What clients of an API get besides the things: challenges, metadata, and answers in an outage.

use std::time::Duration;

use logto_tests::bearer::Then::{Invalid, Malformed, Missing};
use logto_tests::bearer::{ALICE, Fixture, RESOURCE};
use logto_tests::hostile::{Answer, Endpoint, Key};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn credentials_are_one_bearer_token_in_the_header() {
    let fixture = Fixture::new().await;
    let token = fixture.token().sign();
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
        ("two schemes", "/any", vec!["Basic dXNlcjpwYXNz", &bearer], Malformed),
    ] {
        let headers: Vec<_> = headers.into_iter().map(|h| ("authorization", h)).collect();
        then.assert(name, &fixture.ask(path, &headers).await, "");
    }
}

#[tokio::test]
async fn the_metadata_says_where_tokens_come_from() {
    let fixture = Fixture::new().await;
    let seen = fixture.ask("/.well-known/oauth-protected-resource", &[]).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let document: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    let expected = json!({
        "resource": RESOURCE,
        "authorization_servers": [fixture.provider.issuer()],
        "scopes_supported": ["read:things", "write:things"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document, expected);
    assert!(seen.headers.contains(&("access-control-allow-origin", "*".to_owned())));
}

/// A browser asks first, because MCP clients send a header of their own.
#[tokio::test]
async fn a_script_of_another_site_may_read_the_metadata() {
    let fixture = Fixture::new().await;
    let client = reqwest::Client::new();
    for (name, address) in fixture.addresses() {
        let url = format!("http://{address}/.well-known/oauth-protected-resource");
        let asked = client
            .request(Method::OPTIONS, &url)
            .header("origin", "https://inspector.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "mcp-protocol-version");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 204, "{name}");
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("access-control-allow-origin"), Some("*"), "{name}");
        assert_eq!(header("access-control-allow-methods"), Some("GET, HEAD"), "{name}");
        let allowed = header("access-control-allow-headers").unwrap_or_default();
        assert!(allowed.contains("mcp-protocol-version"), "{name}: {allowed}");
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(head.status(), 200, "{name}");
        assert_eq!(client.delete(&url).send().await.unwrap().status().as_u16() / 100, 4, "{name}");
    }
}

#[tokio::test]
async fn known_tokens_are_accepted_in_an_outage_and_the_api_starts_without_logto() {
    let fixture = Fixture::new().await;
    let bends: [(&str, Endpoint, fn(Answer) -> Answer); 4] = [
        ("discovery down", Endpoint::Discovery, |_| Answer::text(503, "")),
        ("keys down", Endpoint::Jwks, |_| Answer::text(500, "")),
        ("keys unusable", Endpoint::Jwks, |_| Answer::text(200, r#"{"keys":[]}"#)),
        ("keys cut", Endpoint::Jwks, Answer::cut),
    ];
    let token = fixture.token().sign();
    for (name, endpoint, bend) in bends {
        fixture.provider.bend(endpoint, move |answer, _| bend(answer));
        let seen = fixture.ask_with("/any", &token).await;
        assert_eq!((seen.status, seen.challenge.as_str()), (503, ""), "{name}: {seen:?}");
        assert!(seen.headers.contains(&("retry-after", "5".to_owned())), "{name}: {seen:?}");
        // What can be told without keys is told.
        let old = fixture.token().shift("exp", -7200).sign();
        Invalid.assert(name, &fixture.ask_with("/any", &old).await, "");
        fixture.provider.clear_faults();
    }
    // Fetches that failed in a row have become rare.
    fixture.clock.advance(Duration::from_secs(5));
    ALICE.assert("back again", &fixture.ask_with("/any", &token).await, "");

    // Known keys go on, also for tokens that were not seen before.
    fixture.provider.bend(Endpoint::Jwks, |_, _| Answer::text(503, ""));
    fixture.provider.bend(Endpoint::Discovery, |_, _| Answer::text(503, ""));
    fixture.clock.advance(Duration::from_secs(7200));
    ALICE.assert("known keys", &fixture.ask_with("/any", &fixture.token().sign()).await, "");
}

#[tokio::test]
async fn a_token_that_was_seen_before_ends_with_its_time_and_with_its_key() {
    let fixture = Fixture::new().await;
    let token = fixture.token().sign();
    ALICE.assert("seen", &fixture.ask_with("/any", &token).await, "");
    fixture.clock.advance(Duration::from_secs(3659));
    ALICE.assert("within the tolerance", &fixture.ask_with("/any", &token).await, "");
    fixture.clock.advance(Duration::from_secs(1));
    Invalid.assert("over", &fixture.ask_with("/any", &token).await, "");

    let old = fixture.token().sign();
    ALICE.assert("seen", &fixture.ask_with("/any", &old).await, "");
    fixture.provider.rotate_to(&Key::es384("new"));
    ALICE.assert("not known to have changed", &fixture.ask_with("/any", &old).await, "");
    ALICE.assert("new key", &fixture.ask_with("/any", &fixture.token().sign()).await, "");
    Invalid.assert("withdrawn key", &fixture.ask_with("/any", &old).await, "");
}
