//! Sessions with more tokens than cookies hold.

// Helpers of a test fail as the test does: by panicking. A row of a table is a row.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::semicolon_if_nothing_returned,
    clippy::type_complexity,
    clippy::unwrap_used
)]

use logto::{LogtoConfig, TokenRequest};
use logto_tests::hostile::{Endpoint, Home, Key, World, each, encode};
use serde_json::json;

const RESOURCES: [&str; 5] = [
    "https://one.example",
    "https://two.example",
    "https://three.example",
    "https://four.example",
    "https://five.example",
];

/// Access tokens with so many bytes that do not compress: in the signature, like those of RSA, or in
/// the claims.
fn make_tokens_large(world: &World, bytes: usize, in_claims: bool) {
    let key = Key::es384("noise");
    world.provider.bend(Endpoint::Token, move |answer, _| {
        let mut noise = Vec::new();
        while noise.len() < bytes {
            noise.extend(key.sign(b"noise"));
        }
        noise.truncate(bytes);
        let (claim, signature) = if in_claims { (noise, Vec::new()) } else { (Vec::new(), noise) };
        let claims = json!({ "aud": "somebody", "exp": 1, "custom": encode(claim) });
        let parts = [r#"{"alg":"RS256"}"#.to_owned(), claims.to_string()].map(encode);
        let token = format!("{}.{}", parts.join("."), encode(signature));
        answer.set("access_token", token)
    });
}

async fn world(home: Home) -> World {
    let resources = |config: LogtoConfig| {
        config.with_resources(RESOURCES).with_scopes(["urn:logto:scope:organizations"])
    };
    let mut world = World::at(home, resources).await;
    world.sign_in_as("alice").await;
    world
}

#[tokio::test]
async fn five_resources_need_five_calls_however_large_the_tokens() {
    each(Home::ALL, async |home| {
        for bytes in [96, 512, 3000] {
            let mut world = world(home).await;
            make_tokens_large(&world, bytes, false);
            let before = world.provider.calls(Endpoint::Token).len();
            let mut tokens = Vec::new();
            for resource in RESOURCES {
                tokens.push(world.token(resource).await.unwrap());
            }
            for _ in 0..10 {
                for (resource, token) in RESOURCES.iter().zip(&tokens) {
                    assert_eq!(&world.token(*resource).await.unwrap(), token);
                }
            }
            let calls = world.provider.calls(Endpoint::Token).len() - before;
            assert_eq!(calls, 5, "{bytes} bytes a signature");
            let header = world.browser.cookie_header().len();
            assert!(header < 8 * 1024, "{header} bytes of cookies");
            world.finish();
        }
    })
    .await;
}

/// However many kinds of tokens somebody makes an app ask for, the session stays readable.
#[tokio::test]
async fn a_session_never_outgrows_what_can_be_read() {
    each(Home::ALL, async |home| {
        let mut world = world(home).await;
        make_tokens_large(&world, 60_000, true);
        for n in 0..20 {
            let request = TokenRequest::organization(format!("organization-{n}"));
            let token = world.token(request).await;
            assert!(token.is_ok(), "token {n}: {token:?}");
        }
        assert_eq!(world.person().await.as_deref(), Some("alice"));
        world.finish();
    })
    .await;
}
