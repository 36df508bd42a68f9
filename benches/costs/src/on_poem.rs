//! Requests on poem, in process.

use std::hint::black_box;

use logto_poem::{User, middleware};
use poem::http::HeaderValue;
use poem::{Endpoint, EndpointExt, Request, Route, get, handler};
use tokio::runtime::Runtime;

use crate::Case;
use crate::requests::Requests;

#[handler]
fn hello() -> &'static str {
    "hello"
}

#[handler]
fn page(user: User) -> &'static str {
    black_box(user.name());
    "hello"
}

pub fn cases<'a>(runtime: &'a Runtime, requests: &'a Requests) -> Vec<Case<'a>> {
    let (in_cookies, in_memory) = (&requests.in_cookies, &requests.in_memory);
    let bare = Route::new().at("/", get(hello));
    let layered = Route::new().at("/", get(hello)).with(middleware(in_cookies));
    let open = |logto| Route::new().at("/", get(page)).with(middleware(logto));
    let cookie = ("cookie", requests.cookie.as_str());
    vec![
        case("bare", runtime, bare, cookie, 200),
        case("layer, not asked", runtime, layered, cookie, 200),
        case("cookie, seen again", runtime, open(in_cookies), cookie, 200),
        case("memory store", runtime, open(in_memory), ("cookie", &requests.pointer), 200),
        case("401 for a script", runtime, open(in_cookies), ("accept", "application/json"), 401),
    ]
}

fn case<'a>(
    name: &str,
    runtime: &'a Runtime,
    app: impl Endpoint + 'a,
    (header, value): (&'static str, &str),
    status: u16,
) -> Case<'a> {
    let value: HeaderValue = value.parse().expect("a header");
    Case::new(format!("poem: {name}"), runtime, async move || {
        let request = Request::builder().uri("/".parse().expect("a path"));
        let request = request.header(header, value.clone()).finish();
        let response = app.get_response(request).await;
        assert_eq!(response.status(), status);
        response
    })
}
