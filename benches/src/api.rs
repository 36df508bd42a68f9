//! Access tokens at the route of an API.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use axum::http::HeaderValue;
use base64_simd::URL_SAFE_NO_PAD;
use logto::TokenRequest;
use logto::resource_server::{Api, ApiConfig};
use logto_local::SigningAlgorithm;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::fixture::{API, Fixture, request};
use crate::harness::{Case, measure};
use crate::peers::axum::hello;
use crate::peers::protected::{
    ProtectedRoute, jwt_authorizer, logto, older_hello, opened, tower_oauth2,
};
use crate::report::{Report, Unit};

/// Different tokens, and room for fewer of them.
const FLOOD: usize = 256;
const ROOM: usize = 64;
/// Tokens that name a key which does not exist.
const UNKNOWN: usize = 1000;

/// The situations in which a token arrives.
type Names = [&'static str; 4];

const LOGTO: Names = [
    "logto-axum, token seen before",
    "logto-axum, token seen first",
    "logto-axum, flood of distinct tokens",
    "logto-axum, flood of unknown keys",
];
const TOWER_OAUTH2: Names = [
    "tower-oauth2-resource-server, token seen before",
    "tower-oauth2-resource-server, token seen first",
    "tower-oauth2-resource-server, flood of distinct tokens",
    "tower-oauth2-resource-server, flood of unknown keys",
];
const JWT_AUTHORIZER: Names = [
    "jwt-authorizer, token seen before",
    "jwt-authorizer, token seen first",
    "jwt-authorizer, flood of distinct tokens",
    "jwt-authorizer, flood of unknown keys",
];

/// What is sent.
struct Tokens {
    good: Vec<HeaderValue>,
    unknown: Vec<HeaderValue>,
}

pub fn run(runtime: &Runtime, report: &mut Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let texts = runtime.block_on(tokens(&fixture, FLOOD));
    let token = texts[0].as_str();
    let tokens = Tokens {
        good: texts.iter().map(|token| bearer(token)).collect(),
        unknown: (0..UNKNOWN).map(|n| bearer(&unknown(token, n))).collect(),
    };
    let issuer = fixture.tenant.issuer();
    let api = |config| Api::new(fixture.tenant.endpoint(), config).expect("a configuration");
    let usual = || ApiConfig::new(API);
    let first = api(usual().without_token_cache());
    let seen = api(usual());
    let keys = runtime.block_on(key_set(&fixture));
    let (key, message, signature) = parts(&keys, token);

    let mut cases = vec![
        Case::new("ES384 by aws-lc-rs, the signature alone", || {
            key.verify_sig(message, &signature).expect("a good signature");
        }),
        Case::asynchronous("logto, token seen first", runtime, async || {
            first.verify(token).await.expect("a good token")
        }),
        Case::asynchronous("logto, token seen before", runtime, async || {
            seen.verify(token).await.expect("a good token")
        }),
        page("axum: hello", runtime, hello(), &tokens.good),
    ];
    // In a flood there is less room than tokens.
    let small = usual().with_token_cache(ROOM, Duration::from_secs(300));
    let small = runtime.block_on(opened(logto(&api(small)), &tokens.good[0]));
    let open = || runtime.block_on(opened(logto(&api(usual())), &tokens.good[0]));
    cases.extend(situations(LOGTO, runtime, &tokens, open, small));
    let open =
        || runtime.block_on(async { opened(tower_oauth2(issuer).await, &tokens.good[0]).await });
    cases.extend(situations(TOWER_OAUTH2, runtime, &tokens, open, open()));
    cases.push(page("axum 0.7: hello", runtime, older_hello(), &tokens.good));
    let open =
        || runtime.block_on(async { opened(jwt_authorizer(issuer).await, &tokens.good[0]).await });
    cases.extend(situations(JWT_AUTHORIZER, runtime, &tokens, open, open()));
    let measured = measure(cases);

    let added = |name: &'static str| match name {
        name if JWT_AUTHORIZER.contains(&name) => measured.added(name, "axum 0.7: hello"),
        name if LOGTO.contains(&name) || TOWER_OAUTH2.contains(&name) => {
            measured.added(name, "axum: hello")
        }
        name => measured.median(name),
    };
    report.added("Access tokens (ES384)", &measured, added);
    let nanoseconds = Unit::Nanoseconds;
    let [hit, miss, ..] = LOGTO.map(added);
    report.at_most("G1", "token seen before, added on axum", hit, 100.0, nanoseconds);
    let [peer, ..] = TOWER_OAUTH2.map(added);
    let what = "times less than tower-oauth2-resource-server";
    report.at_least("G1", what, peer / hit, 1400.0, Unit::Times);
    let floor = measured.median("ES384 by aws-lc-rs, the signature alone");
    let goal = 1.01 * floor + 1000.0;
    report.at_most("G2", "token seen first, added on axum", miss, goal, nanoseconds);
    let verify = measured.median("logto, token seen first");
    let what = "verifying ES384 (ID tokens by the same code)";
    report.at_most("G8", what, verify, 1.02 * floor, nanoseconds);

    let fetches = runtime.block_on(unknown_keys(&fixture, report, &tokens));
    let what = format!("fetches of keys for {UNKNOWN} tokens of unknown keys");
    report.at_most("G7j", &what, fetches as f64, 5.0, Unit::Count);
}

fn page<'a, D: ProtectedRoute + 'a>(
    name: &'static str,
    runtime: &'a Runtime,
    mut route: D,
    bearer: &'a [HeaderValue],
) -> Case<'a> {
    Case::asynchronous(name, runtime, async move || {
        assert_eq!(route.ask(&bearer[0]).await, 200);
    })
}

/// A route in each situation. `open` makes one that has its keys and has seen the first token; in
/// the flood of distinct tokens it is `crowded`.
fn situations<'a, D: ProtectedRoute + 'a>(
    [before, first, distinct, unknown]: Names,
    runtime: &'a Runtime,
    tokens: &'a Tokens,
    open: impl Fn() -> D + 'a,
    mut crowded: D,
) -> [Case<'a>; 4] {
    let (mut known, mut flooded) = (open(), open());
    let (mut good, mut more, mut bad) = (0, 0, 0);
    let fresh = Rc::new(RefCell::new(open()));
    let next_round = Rc::clone(&fresh);
    [
        Case::asynchronous(before, runtime, async move || {
            assert_eq!(known.ask(&tokens.good[0]).await, 200);
        }),
        Case::asynchronous(first, runtime, async move || {
            let token = next(&mut good, &tokens.good[1..]);
            assert_eq!(fresh.borrow_mut().ask(token).await, 200);
        })
        .prepared(FLOOD as u64 - 1, move || {
            next_round.replace(open());
        }),
        Case::asynchronous(distinct, runtime, async move || {
            let token = next(&mut more, &tokens.good);
            assert_eq!(crowded.ask(token).await, 200);
        }),
        Case::asynchronous(unknown, runtime, async move || {
            let token = next(&mut bad, &tokens.unknown);
            assert_eq!(flooded.ask(token).await, 401);
        }),
    ]
}

/// One after the other, and again from the beginning.
fn next<'a>(at: &mut usize, tokens: &'a [HeaderValue]) -> &'a HeaderValue {
    *at = (*at + 1) % tokens.len();
    &tokens[*at]
}

/// How often each crate asks Logto for keys when tokens name unknown ones, and what becomes of a
/// token of a key that is new. Returns our fetches.
async fn unknown_keys(fixture: &Fixture, report: &Report, tokens: &Tokens) -> usize {
    let (endpoint, issuer) = (fixture.tenant.endpoint(), fixture.tenant.issuer());
    let ours = async || logto(&Api::new(endpoint, API).expect("a configuration"));
    let (fetches, ours) = with_unknown_keys("logto-axum", fixture, tokens, ours).await;
    let peer = async || tower_oauth2(issuer).await;
    let (_, peer) = with_unknown_keys("tower-oauth2-resource-server", fixture, tokens, peer).await;
    let other = async || jwt_authorizer(issuer).await;
    let (_, other) = with_unknown_keys("jwt-authorizer", fixture, tokens, other).await;
    let fetched = format!("fetches for {UNKNOWN} tokens");
    let head = ["crate", &fetched, "a token of a new key"];
    report.rows("Tokens of unknown keys", head, &[ours, peer, other]);
    fetches
}

async fn with_unknown_keys<D: ProtectedRoute>(
    name: &str,
    fixture: &Fixture,
    tokens: &Tokens,
    open: impl AsyncFn() -> D,
) -> (usize, [String; 3]) {
    let mut route = opened(open().await, &tokens.good[0]).await;
    fixture.tenant.clear_requests();
    for token in &tokens.unknown {
        assert_eq!(route.ask(token).await, 401, "a forged token was believed");
    }
    let requests = fixture.tenant.requests();
    let fetches = requests.iter().filter(|seen| seen.path.ends_with("/jwks"));
    let fetches = fetches.count();

    let mut route = opened(open().await, &tokens.good[0]).await;
    let rotated = fixture.tenant.rotate_signing_key(SigningAlgorithm::Es384);
    rotated.expect("a key");
    let new = self::tokens(fixture, 1).await;
    let new = match route.ask(&bearer(&new[0])).await {
        200 => "let in",
        _ => "refused",
    };
    (fetches, [name.into(), fetches.to_string(), new.into()])
}

fn bearer(token: &str) -> HeaderValue {
    format!("Bearer {token}").parse().expect("a header")
}

/// The same token with a header that names a key that no one has.
fn unknown(token: &str, number: usize) -> String {
    let (_, rest) = token.split_once('.').expect("a token");
    let header = json!({ "alg": "ES384", "typ": "at+jwt", "kid": format!("unknown-{number}") });
    let header = URL_SAFE_NO_PAD.encode_to_string(header.to_string());
    format!("{header}.{rest}")
}

/// Different access tokens of one user.
pub async fn tokens(fixture: &Fixture, count: usize) -> Vec<String> {
    let logto = fixture.in_memory();
    let cookies = fixture.sign_in(&logto, "alice", &[]).await.header();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let context = logto.context(request("/", &cookies));
        let fresh = TokenRequest::resource(API).refreshed();
        let token = context.access_token(fresh).await.expect("an access token");
        tokens.push(token.into_string());
    }
    tokens
}

async fn key_set(fixture: &Fixture) -> Value {
    let url = format!("{}/jwks", fixture.tenant.issuer());
    let answer = reqwest::get(url).await.expect("an answer");
    let text = answer.text().await.expect("text");
    serde_json::from_str(&text).expect("a key set")
}

fn parts<'a>(keys: &Value, token: &'a str) -> (ParsedPublicKey, &'a [u8], Vec<u8>) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url");
    let coordinate = |name: &str| decode(keys["keys"][0][name].as_str().expect("a coordinate"));
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).expect("a key");
    let (message, signature) = token.rsplit_once('.').expect("a token");
    (key, message.as_bytes(), decode(signature))
}
