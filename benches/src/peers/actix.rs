//! Actix Web with actix-session.

use std::hint::black_box;

use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::http::header::{COOKIE, SET_COOKIE};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse};
use tokio::runtime::Runtime;

use crate::fixture::Cookies;
use crate::harness::Case;
use crate::kept::{Kept, NAME};

async fn read(session: Session) -> &'static str {
    let kept: Option<Kept> = session.get(NAME).expect("a session");
    black_box(kept.expect("what was kept"));
    "hello"
}

async fn put(session: Session, kept: Data<Kept>) -> HttpResponse {
    session.insert(NAME, kept.get_ref()).expect("a session");
    HttpResponse::Ok().finish()
}

/// The page without a session, and with one.
pub fn cases<'a>(runtime: &'a Runtime, kept: Kept) -> [Case<'a>; 2] {
    let hello = App::new().route("/", get().to(async || "hello"));
    let hello = runtime.block_on(init_service(hello));
    let layer = SessionMiddleware::builder(CookieSessionStore::default(), Key::generate());
    let app = App::new()
        .app_data(Data::new(kept))
        .wrap(layer.cookie_secure(false).build())
        .route("/", get().to(read))
        .route("/put", get().to(put));
    let app = runtime.block_on(init_service(app));

    let put = TestRequest::get().uri("/put").to_request();
    let response = runtime.block_on(actix_web::test::call_service(&app, put));
    let mut cookies = Cookies::default();
    let lines = response.headers().get_all(SET_COOKIE);
    cookies.set(lines.map(|line| line.to_str().expect("text")));
    let header = cookies.header();
    let request = move || {
        let request = TestRequest::get().uri("/");
        request.insert_header((COOKIE, header.as_str())).to_request()
    };
    let again = request.clone();
    [
        Case::asynchronous("actix-web: hello", runtime, async move || {
            actix_web::test::call_service(&hello, request()).await
        }),
        Case::asynchronous("actix-session, cookie", runtime, async move || {
            let response = actix_web::test::call_service(&app, again()).await;
            assert!(response.status().is_success());
        }),
    ]
}
