//! poem with its sessions in cookies.

use std::hint::black_box;

use poem::http::header::{COOKIE, SET_COOKIE};
use poem::session::{CookieConfig, CookieSession, Session};
use poem::web::Data;
use poem::web::cookie::CookieKey;
use poem::{Endpoint, EndpointExt, Request, Route, get, handler};
use tokio::runtime::Runtime;

use crate::fixture::Cookies;
use crate::harness::Case;
use crate::kept::{Kept, NAME};

#[handler]
fn hello() -> &'static str {
    "hello"
}

#[handler]
fn read(session: &Session) -> &'static str {
    let kept: Option<Kept> = session.get(NAME);
    black_box(kept.expect("what was kept"));
    "hello"
}

#[handler]
fn put(session: &Session, Data(kept): Data<&Kept>) {
    session.set(NAME, kept);
}

/// The page without a session, and with one.
pub fn cases<'a>(runtime: &'a Runtime, kept: Kept) -> [Case<'a>; 2] {
    let plain = Route::new().at("/", get(hello));
    let config = CookieConfig::private(CookieKey::generate()).secure(false);
    let app = Route::new()
        .at("/", get(read))
        .at("/put", get(put))
        .data(kept)
        .with(CookieSession::new(config));

    let request = Request::builder().uri("/put".parse().expect("a path"));
    let response = runtime.block_on(app.get_response(request.finish()));
    let mut cookies = Cookies::default();
    let lines = response.headers().get_all(SET_COOKIE).iter();
    cookies.set(lines.map(|line| line.to_str().expect("text")));
    let header = cookies.header();
    let request = move || {
        let request = Request::builder().uri("/".parse().expect("a path"));
        request.header(COOKIE, header.as_str()).finish()
    };
    let again = request.clone();
    [
        Case::asynchronous("poem: hello", runtime, async move || {
            plain.get_response(request()).await
        }),
        Case::asynchronous("poem, cookie session", runtime, async move || {
            let response = app.get_response(again()).await;
            assert!(response.status().is_success());
        }),
    ]
}
