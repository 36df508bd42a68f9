//! What a session adds to a page when many users come in turn, with a browser's headers: where a
//! cache of sessions ends, it shows here.

use std::cell::RefCell;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Runtime;

use crate::fixture::Fixture;
use crate::harness::{Case, measure};
use crate::kept::Kept;
use crate::peers::axum::{App, hello, logto, send_all, sessions_in_memory_of};
use crate::report::Report;

const USERS: [usize; 4] = [1, 1_000, 10_000, 100_000];
/// Of a store: each of them signs in, which takes longer than to seal a cookie.
const STORED: [usize; 3] = [1, 1_000, 10_000];

const COOKIE: [&str; 4] = [
    "logto-axum, cookie, 1 user",
    "logto-axum, cookie, 1,000 users",
    "logto-axum, cookie, 10,000 users",
    "logto-axum, cookie, 100,000 users",
];
const MEMORY: [&str; 3] = [
    "logto-axum, memory store, 1 user",
    "logto-axum, memory store, 1,000 users",
    "logto-axum, memory store, 10,000 users",
];
const PEER: [&str; 3] = [
    "tower-sessions, memory store, 1 user",
    "tower-sessions, memory store, 1,000 users",
    "tower-sessions, memory store, 10,000 users",
];

/// What Chromium sends for a page, cookies apart.
const BROWSER: [(&str, &str); 14] = [
    ("host", "localhost:3000"),
    ("connection", "keep-alive"),
    ("sec-ch-ua", "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("upgrade-insecure-requests", "1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 \
         Safari/537.36",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;\
         q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
];

pub fn run(runtime: &Runtime, report: &Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let in_cookies = fixture.in_cookies();
    let alice = runtime.block_on(fixture.sign_in(&in_cookies, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&in_cookies, &alice));
    let sealed = runtime.block_on(fixture.reseal(&alice, USERS[3]));

    let mut cases = vec![in_turn("axum: hello", runtime, hello(), vec![alice.header()])];
    cases.push(in_turn(
        "the layer, not asked",
        runtime,
        not_asked(&in_cookies),
        vec![alice.header()],
    ));
    for (name, users) in COOKIE.into_iter().zip(USERS) {
        let headers = sealed.iter().take(users).cloned().collect();
        cases.push(in_turn(name, runtime, logto(&fixture.in_cookies()), headers));
    }
    let stored = fixture.in_memory();
    let pointers = runtime.block_on(async {
        let mut pointers = Vec::new();
        for _ in 0..STORED[2] {
            pointers.push(fixture.sign_in(&stored, "alice", &[]).await.header());
        }
        pointers
    });
    for (name, users) in MEMORY.into_iter().zip(STORED) {
        let headers = pointers.iter().take(users).cloned().collect();
        cases.push(in_turn(name, runtime, logto(&stored), headers));
    }
    for (name, users) in PEER.into_iter().zip(STORED) {
        let (app, headers) = runtime.block_on(sessions_in_memory_of(kept.clone(), users));
        cases.push(in_turn(name, runtime, app, headers));
    }
    let measured = measure(cases);
    let added = |name| measured.added(name, "axum: hello");
    report.added("Many users in turn, with a browser's headers", &measured, added);
}

pub fn not_asked(logto: &logto::Logto) -> App {
    use axum::{Router, routing::get};
    let router = Router::new().route("/", get(async || "hello"));
    crate::peers::axum::service(router.layer(logto_axum::layer(logto)))
}

/// Each request is of the next user; all of them have been there before.
fn in_turn<'a>(
    name: &'static str,
    runtime: &'a Runtime,
    app: App,
    cookies: Vec<String>,
) -> Case<'a> {
    let browser: HeaderMap = BROWSER
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let cookies: Vec<HeaderValue> =
        cookies.iter().map(|cookie| cookie.parse().expect("a header")).collect();
    let state = RefCell::new((app, 0));
    let next = async move || {
        let (app, at) = &mut *state.borrow_mut();
        *at = (*at + 1) % cookies.len();
        send_all(app, &browser, &cookies[*at]).await
    };
    for _ in 0..2 * USERS[3] {
        runtime.block_on(next());
    }
    Case::asynchronous(name, runtime, next)
}
