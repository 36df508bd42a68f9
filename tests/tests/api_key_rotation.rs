//! Keys that change while an API is busy: counted, not timed.

// Helpers of a test fail as the test does: by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use logto_tests::bearer::{Token, World};
use logto_tests::eventually;
use logto_tests::hostile::{Endpoint, Key, Provider};

/// Clients of each API at the same time.
const CLIENTS: usize = 32;
/// Requests of each client: with all of them a thousand at each API.
const REQUESTS: usize = 32;

/// The token is one of its own, so that no cache answers for the keys.
fn token(provider: &Provider, key: &Key, n: usize) -> String {
    let token = Token::new(key, &provider.issuer(), provider.clock().now());
    token.with("jti", n.to_string()).sign()
}

async fn ask(client: &reqwest::Client, address: SocketAddr, token: &str) -> u16 {
    let request = client.get(format!("http://{address}/any"));
    let answer = request.bearer_auth(token).send().await;
    answer.expect("the server answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_valid_token_is_refused_while_keys_rotate_under_load() {
    let world = World::new().await;
    let (old, new) = (world.provider.key(), Key::es384("new"));
    let (sent, client) = (Arc::new(AtomicUsize::new(0)), reqwest::Client::new());
    let mut clients = Vec::new();
    for (door, address) in world.addresses() {
        for n in 0..CLIENTS {
            let (provider, old) = (world.provider.clone(), old.clone());
            let client = client.clone();
            let sent = Arc::clone(&sent);
            clients.push(tokio::spawn(async move {
                for request in 0..REQUESTS {
                    // Old and new in turn, as instances of Logto and caches of clients have them.
                    let key = match request % 2 {
                        0 => old.clone(),
                        _ => provider.key(),
                    };
                    let token = token(&provider, &key, n * REQUESTS + request);
                    let status = ask(&client, address, &token).await;
                    assert_eq!(status, 200, "{door}: {} was refused", key.kid);
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
    }
    let a_third = clients.len() * REQUESTS / 3;
    let is_busy = async || (sent.load(Ordering::SeqCst) >= a_third).then_some(());
    eventually("a third of the requests", is_busy).await;
    world.provider.publish([new.jwk(), old.jwk()]);
    world.provider.sign_with(&new);
    for client in clients {
        client.await.expect("no request was refused");
    }
    // Once at the beginning and once for the new key, for each of the APIs.
    let fetches = world.provider.calls(Endpoint::Jwks).len();
    assert_eq!(fetches, 2 * world.addresses().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_makes_few_requests_and_delays_nobody() {
    let world = World::new().await;
    let good = world.token().sign();
    world.ask_with("/any", &good).await;
    let client = reqwest::Client::new();
    for (door, address) in world.addresses() {
        let flood: Vec<_> = (0..100)
            .map(|n| {
                token(
                    &world.provider,
                    &world.provider.key().named(&format!("kid-{n}")),
                    n,
                )
            })
            .collect();
        let answers = join_all(flood.iter().map(|token| ask(&client, address, token))).await;
        assert!(answers.iter().all(|status| *status == 401), "{door}");
        assert_eq!(ask(&client, address, &good).await, 200, "{door}");
    }
    let fetches = world.provider.calls(Endpoint::Jwks).len();
    let apis = world.addresses().len();
    assert!(fetches <= apis * 5, "{fetches} fetches by {apis} APIs");
}
