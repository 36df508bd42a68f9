//! Keys that change while an API is busy: counted, not timed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use logto_tests::bearer::Then::Invalid;
use logto_tests::bearer::{ALICE, Fixture, Token};
use logto_tests::hostile::{Answer, Endpoint, Key, Provider};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Requests to each API: three seconds of a thousand.
const REQUESTS: usize = 3000;
/// One a millisecond, however long the answers take.
const PACE: Duration = Duration::from_millis(1);
/// Tokens of each key.
const DISTINCT: usize = 500;
/// Requests under way at once: a process has so many sockets.
const UNDER_WAY: usize = 256;

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

/// Different tokens of a key. Each is sent several times, as clients do.
fn tokens(provider: &Provider, key: &Key) -> Vec<Arc<str>> {
    let tokens = (0..DISTINCT).map(|n| token(provider, key, n).into());
    tokens.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_valid_token_is_refused_while_keys_rotate_under_load() {
    let fixture = Fixture::new().await;
    for (adapter, address) in fixture.addresses() {
        let (old, new) = (fixture.provider.key(), Key::es384(&format!("for {adapter}")));
        let of_old = tokens(&fixture.provider, &old);
        let of_new = tokens(&fixture.provider, &new);
        let before = fixture.provider.calls(Endpoint::Jwks).len();
        let (client, under_way) = (reqwest::Client::new(), Arc::new(Semaphore::new(UNDER_WAY)));
        let (mut answers, begin) = (JoinSet::new(), Instant::now());
        let mut schedule = interval(PACE);
        schedule.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for n in 0..REQUESTS {
            schedule.tick().await;
            if n == REQUESTS / 2 {
                fixture.provider.publish([new.jwk(), old.jwk()]);
                fixture.provider.sign_with(&new);
            }
            // Then old and new in turn, as instances of Logto and caches of clients have them.
            let is_new = n >= REQUESTS / 2 && n % 2 == 1;
            let sent = if is_new { &of_new } else { &of_old };
            let token = Arc::clone(&sent[n % DISTINCT]);
            let slot = Arc::clone(&under_way).acquire_owned().await;
            let client = client.clone();
            answers.spawn(async move {
                let status = ask(&client, address, &token).await;
                drop(slot);
                (n, status)
            });
        }
        for (n, status) in answers.join_all().await {
            assert_eq!(status, 200, "{adapter}: request {n} was refused");
        }
        let rate = REQUESTS as f64 / begin.elapsed().as_secs_f64();
        eprintln!("{adapter}: {rate:.0} requests a second");
        // Once at the beginning and once for the new key.
        let fetches = fixture.provider.calls(Endpoint::Jwks).len() - before;
        assert_eq!(fetches, 2, "{adapter}");
    }
}

/// A hundred tokens of keys that do not exist, all at once.
async fn flood(fixture: &Fixture, client: &reqwest::Client, address: SocketAddr) {
    let key = fixture.provider.key();
    let tokens: Vec<_> =
        (0..100).map(|n| token(&fixture.provider, &key.named(&format!("kid-{n}")), n)).collect();
    let answers = join_all(tokens.iter().map(|token| ask(client, address, token))).await;
    assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_makes_few_requests_and_delays_no_valid_token() {
    let fixture = Fixture::new().await;
    let good = fixture.token().sign();
    fixture.ask_with("/any", &good).await;
    let (client, before) = (reqwest::Client::new(), fixture.clock.now());
    for (adapter, address) in fixture.addresses() {
        flood(&fixture, &client, address).await;
        assert_eq!(ask(&client, address, &good).await, 200, "{adapter}");
    }
    let fetches = fixture.provider.calls(Endpoint::Jwks).len() as u64;
    // One more each five seconds, on a machine that is so slow.
    let allowed = 5 + (fixture.clock.now() - before).div_ceil(5);
    let apis = fixture.addresses().len() as u64;
    assert!(fetches <= apis * allowed, "{fetches} by {apis} APIs");

    // Nor does the flood keep a new key out for long.
    for (adapter, address) in fixture.addresses() {
        fixture.provider.rotate_to(&Key::es384(adapter));
        fixture.clock.advance(Duration::from_secs(5));
        let new = fixture.token().sign();
        let (_, status) =
            tokio::join!(flood(&fixture, &client, address), ask(&client, address, &new));
        assert_eq!(status, 200, "{adapter}");
    }
}

#[tokio::test]
async fn a_client_that_goes_on_with_a_withdrawn_key_does_not_keep_new_keys_out() {
    let fixture = Fixture::new().await;
    let withdrawn = fixture.token().by(&Key::es384("withdrawn")).sign();
    for _ in 0..10 {
        Invalid.assert("withdrawn", &fixture.ask_with("/any", &withdrawn).await, "");
    }
    fixture.provider.rotate_to(&Key::es384("new"));
    let new = fixture.token().sign();
    ALICE.assert("new", &fixture.ask_with("/any", &new).await, "");
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_no_unknown_key_is_called_wrong() {
    let fixture = Fixture::new().await;
    let known = fixture.token().sign();
    ALICE.assert("known", &fixture.ask_with("/any", &known).await, "");
    fixture.provider.bend(Endpoint::Jwks, |_, _| Answer::text(503, ""));
    let new = fixture.token().by(&Key::es384("new")).sign();
    for time in 0..10 {
        let seen = fixture.ask_with("/any", &new).await;
        assert_eq!(seen.status, 503, "{time}: {seen:?}");
    }
    ALICE.assert("known", &fixture.ask_with("/any", &known).await, "");
}
