//! Rocket with a private cookie.

use std::hint::black_box;

use rocket::config::{Config, LogLevel, SecretKey};
use rocket::http::{Cookie, CookieJar};
use rocket::local::asynchronous::Client;
use rocket::{State, get, routes};
use tokio::runtime::Runtime;

use crate::fixture::Cookies;
use crate::harness::Case;
use crate::kept::{Kept, NAME};

#[get("/hello")]
fn hello() -> &'static str {
    "hello"
}

#[get("/")]
fn read(cookies: &CookieJar<'_>) -> &'static str {
    let cookie = cookies.get_private(NAME).expect("a cookie");
    let kept: Kept = serde_json::from_str(cookie.value()).expect("what was kept");
    black_box(kept);
    "hello"
}

#[get("/put")]
fn put(cookies: &CookieJar<'_>, kept: &State<Kept>) {
    let kept = serde_json::to_string(kept.inner()).expect("JSON");
    cookies.add_private(Cookie::new(NAME, kept));
}

/// The page without a session, and with one.
pub fn cases<'a>(runtime: &'a Runtime, kept: Kept) -> [Case<'a>; 2] {
    let config = Config {
        secret_key: SecretKey::from(&[7; 64]),
        log_level: LogLevel::Off,
        ..Config::default()
    };
    let rocket = rocket::custom(config).mount("/", routes![hello, read, put]);
    let client = Client::untracked(rocket.manage(kept));
    let client = &*Box::leak(Box::new(runtime.block_on(client).expect("a rocket")));

    let response = runtime.block_on(client.get("/put").dispatch());
    let mut cookies = Cookies::default();
    cookies.set(response.headers().get("set-cookie"));
    let header = cookies.header();
    // A local request takes no cookie out of its headers, so that is done here as by the server.
    let get = move || {
        let cookie = Cookie::parse_encoded(header.clone());
        client.get("/").cookie(cookie.expect("a cookie"))
    };
    [
        Case::asynchronous("rocket: hello", runtime, async move || {
            let response = client.get("/hello").dispatch().await;
            response.status()
        }),
        Case::asynchronous("rocket, private cookie", runtime, async move || {
            let response = get().dispatch().await;
            assert_eq!(response.status().code, 200);
        }),
    ]
}
