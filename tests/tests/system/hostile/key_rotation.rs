//! Keys that come and go.

use std::time::Duration;

use logto_tests::hostile::{Answer, Endpoint, Fixture, Key, Then, check, each};
use serde_json::json;

#[tokio::test]
async fn a_rotation_is_noticed_before_and_after_the_code_exchange() {
    let new: [(&str, fn() -> Key); 5] = [
        ("ES384", || Key::es384("new")),
        ("ES256", || Key::es256("new")),
        ("ES512", || Key::es512("new")),
        ("RS256", || Key::rs256("new")),
        ("PS256", || Key::ps256("new")),
    ];
    each(new, async |new| {
        // The key set is known before it changes.
        let mut fixture = Fixture::new().await;
        fixture.sign_in_as("before").await;
        fixture.provider.rotate_to(&new());
        fixture.sign_in_as("alice").await;
        assert_eq!(fixture.provider.calls(Endpoint::Jwks).len(), 2);
        fixture.finish();

        // It changes between the token and the look into it.
        let mut fixture = Fixture::new().await;
        fixture.sign_in_as("before").await;
        let old = fixture.provider.key();
        fixture.provider.rotate_to(&new());
        fixture.provider.bend_token(move |token| token.key = old.clone());
        fixture.sign_in_as("alice").await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_after_the_next_fetch() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("before").await;
    let old = fixture.provider.key();
    fixture.provider.rotate_to(&Key::es384("new"));
    fixture.sign_in_as("alice").await;
    fixture.provider.sign_with(&old);
    fixture.provider.set_user("mallory");
    let seen = fixture.sign_in().await;
    check(&fixture, &seen, Then::Refused, Some("alice")).await;
    fixture.finish();
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_after_two_hours_without_a_request() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("alice").await;
    let old = fixture.provider.key();
    fixture.provider.rotate_to(&Key::es384("new"));
    // Nothing names the new key.
    fixture.provider.sign_with(&old);
    fixture.clock.advance(Duration::from_secs(2 * 3600 + 1));
    fixture.provider.set_user("mallory");
    let seen = fixture.sign_in().await;
    check(&fixture, &seen, Then::Refused, Some("alice")).await;
    fixture.finish();
}

#[tokio::test]
async fn a_known_key_set_outlives_an_outage() {
    let bends: [(&str, fn(Answer) -> Answer); 5] = [
        ("500", |_| Answer::text(500, "")),
        ("empty", |_| Answer::text(200, r#"{"keys":[]}"#)),
        ("unusable", |_| short_rsa()),
        ("HTML", |_| Answer::html()),
        ("cut", Answer::cut),
    ];
    each(bends, async |bend| {
        let mut fixture = Fixture::new().await;
        fixture.sign_in_as("before").await;
        fixture.provider.bend(Endpoint::Jwks, move |answer, _| bend(answer));
        // Old enough to be renewed.
        fixture.clock.advance(Duration::from_secs(3601));
        fixture.sign_in_as("alice").await;
        fixture.clock.advance(Duration::from_secs(3601));
        fixture.sign_in_as("bob").await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn it_may_rotate_as_often_as_it_likes() {
    let mut fixture = Fixture::new().await;
    for n in 0..30 {
        fixture.provider.rotate_to(&Key::es384(&format!("rotation-{n}")));
        fixture.sign_in_as("alice").await;
    }
    fixture.finish();
}

#[tokio::test]
async fn a_flood_of_forged_tokens_does_not_block_valid_ones() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("before").await;
    let (instance, stranger) = (fixture.logto.clone(), Key::es384("stranger"));
    for _ in 0..20 {
        let token = fixture.provider.logout_token(|t| t.key = stranger.clone());
        let body = format!("logout_token={token}");
        assert_eq!(fixture.post_logout(&instance, body).await.status, 400);
    }
    let fetches = fixture.provider.calls(Endpoint::Jwks).len();
    assert!(fetches <= 5, "{fetches} fetches of the key set");
    fixture.provider.rotate_to(&Key::es384("new"));
    fixture.sign_in_as("alice").await;
    fixture.finish();
}

#[tokio::test]
async fn a_flood_of_unknown_keys_makes_few_requests() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("before").await;
    let stranger = Key::es384("stranger");
    let before = fixture.clock.now();
    for n in 0..40 {
        let key = stranger.named(&format!("kid-{n}"));
        fixture.provider.bend_token(move |token| token.key = key.clone());
        let seen = fixture.sign_in().await;
        check(&fixture, &seen, Then::Refused, Some("before")).await;
    }
    let fetches = fixture.provider.calls(Endpoint::Jwks).len() as u64;
    // One more each five seconds, on a machine that is so slow.
    let allowed = 6 + (fixture.clock.now() - before).div_ceil(5);
    assert!(fetches <= allowed, "{fetches} fetches of the key set");
    fixture.finish();
}

/// A key of 1024 bits, which looks usable and is not.
fn short_rsa() -> Answer {
    let modulus = "w".repeat(171);
    Answer::json(&json!({ "keys": [{ "kty": "RSA", "kid": "first", "n": modulus, "e": "AQAB" }] }))
}
