//! Requests on axum, in process.

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use axum::routing::{RouterIntoService, get};
use axum::{Extension, Router};
use logto::Logto;
use logto_axum::{Authorized, User};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt};

use crate::Case;
use crate::requests::{BROWSER, Requests};

type App = RouterIntoService<Body>;

pub fn cases<'a>(runtime: &'a Runtime, requests: &'a Requests) -> Vec<Case<'a>> {
    let hello = Router::new().route("/", get(async || "hello"));
    let open = |logto: &Logto| {
        let page = async |user: User| {
            black_box(user.name());
            "hello"
        };
        Router::new().route("/", get(page)).layer(logto_axum::layer(logto))
    };
    let api = async |token: Authorized| {
        black_box(token.sub());
        "hello"
    };
    let api = || Router::new().route("/", get(api)).with_state(requests.api.clone());
    let layered = hello.clone().layer(logto_axum::layer(&requests.in_cookies));
    let with_an_arc = hello.clone().layer(Extension(Arc::new(7)));
    let cookie = one(COOKIE, &requests.cookie);
    let pointer = one(COOKIE, &requests.pointer);
    let script = one(HeaderName::from_static("accept"), "application/json");
    let browser = browser(&requests.cookie);
    let bearer = one(AUTHORIZATION, &requests.bearer);
    let fresh = requests.fresh.iter().map(|header| one(COOKIE, header)).collect();
    let unknown = requests.unknown.iter().map(|header| one(AUTHORIZATION, header)).collect();
    let case = |name, status, router: Router, headers| {
        in_turn(&format!("axum: {name}"), runtime, router, headers, status)
    };
    vec![
        case("bare", 200, hello.clone(), vec![cookie.clone()]),
        case("a layer that adds an Arc", 200, with_an_arc, vec![cookie.clone()]),
        case("layer, not asked", 200, layered.clone(), vec![cookie.clone()]),
        case("cookie, seen again", 200, open(&requests.in_cookies), vec![cookie]),
        case("cookie, seen first", 200, open(&requests.fixture.in_cookies()), fresh),
        case("memory store", 200, open(&requests.in_memory), vec![pointer]),
        case("401 for a script", 401, open(&requests.in_cookies), vec![script]),
        case("bare, browser", 200, hello, vec![browser.clone()]),
        case("layer, not asked, browser", 200, layered, vec![browser.clone()]),
        case("cookie, seen again, browser", 200, open(&requests.in_cookies), vec![browser]),
        case("token, seen again", 200, api(), vec![bearer]),
        case("token of an unknown key", 401, api(), unknown),
    ]
}

/// Each request has the next of these headers.
fn in_turn<'a>(
    name: &str,
    runtime: &'a Runtime,
    router: Router,
    headers: Vec<HeaderMap>,
    status: u16,
) -> Case<'a> {
    let mut app: App = router.with_state(()).into_service();
    let mut headers = headers.into_iter().cycle();
    Case::new(name, runtime, async move || {
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers.next().expect("headers");
        let ready = ServiceExt::<Request<Body>>::ready(&mut app).await;
        let response = ready.expect("a service").call(request).await.expect("an answer");
        assert_eq!(response.status(), status);
        response
    })
}

fn one(name: HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, value.parse().expect("a header"))])
}

fn browser(cookie: &str) -> HeaderMap {
    let headers = BROWSER.into_iter();
    let headers = headers
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let mut headers: HeaderMap = headers.collect();
    headers.insert(COOKIE, cookie.parse().expect("a header"));
    headers
}
