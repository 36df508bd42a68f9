//! Requests on Rocket, in process.

use std::hint::black_box;

use logto::Logto;
use logto_rocket::{User, fairing};
use rocket::config::{Config, LogLevel};
use rocket::http::Header;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, get, routes};
use tokio::runtime::Runtime;

use crate::Case;
use crate::requests::Requests;

#[get("/hello")]
fn hello() -> &'static str {
    "hello"
}

#[get("/")]
fn page(user: User) -> &'static str {
    black_box(user.0.name());
    "hello"
}

pub fn cases<'a>(runtime: &'a Runtime, requests: &'a Requests) -> Vec<Case<'a>> {
    let config = Config { log_level: LogLevel::Off, ..Config::default() };
    let bare = || rocket::custom(&config).mount("/", routes![hello, page_of_no_one]);
    let open = |logto: &Logto| {
        let rocket = rocket::custom(&config).mount("/", routes![hello, page]);
        rocket.attach(fairing(logto))
    };
    let (in_cookies, in_memory) = (&requests.in_cookies, &requests.in_memory);
    let cookie = ("cookie", requests.cookie.as_str());
    let script = ("accept", "application/json");
    vec![
        case("bare", runtime, bare(), "/hello", cookie, 200),
        case("layer, not asked", runtime, open(in_cookies), "/hello", cookie, 200),
        case("cookie, seen again", runtime, open(in_cookies), "/", cookie, 200),
        case("memory store", runtime, open(in_memory), "/", ("cookie", &requests.pointer), 200),
        case("401 for a script", runtime, open(in_cookies), "/", script, 401),
    ]
}

/// Beside the other route, as in the app with the fairing.
#[get("/")]
fn page_of_no_one() -> &'static str {
    "hello"
}

fn case<'a>(
    name: &str,
    runtime: &'a Runtime,
    rocket: Rocket<Build>,
    path: &'static str,
    (header, value): (&'static str, &str),
    status: u16,
) -> Case<'a> {
    let client = runtime.block_on(Client::untracked(rocket)).expect("a rocket");
    // A request of it would borrow from the closure.
    let client = &*Box::leak(Box::new(client));
    let header = Header::new(header, value.to_owned());
    Case::new(format!("rocket: {name}"), runtime, async move || {
        // A header as a server passes it on, without the client's jar.
        let request = client.get(path).header(header.clone());
        let response = request.dispatch().await;
        assert_eq!(response.status().code, status);
    })
}
