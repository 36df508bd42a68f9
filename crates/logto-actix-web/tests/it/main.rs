//! What goes wrong easily between Actix Web and the core.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod api;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorImATeapot;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web::{Bytes, ServiceConfig, get, scope};
use actix_web::{App, Error, Responder};
use logto_actix_web::{Auth, MaybeUser, Reply, TokenRequest, User};
use logto_fixture::{BASE_URL, Fixture};

async fn name(user: User) -> String {
    user.name().unwrap_or("nameless").to_owned()
}

async fn who(MaybeUser(user): MaybeUser) -> &'static str {
    user.map_or("no one", |_| "someone")
}

async fn auth(auth: Auth) -> Result<String, Reply> {
    Ok(format!("{:?}", auth.session_state().await?))
}

/// An answer with a cookie of the app.
async fn fine(user: User) -> Result<impl Responder, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok("fine".customize().append_header((SET_COOKIE, "theirs=1")))
}

async fn broken(user: User) -> actix_web::Result<&'static str> {
    user.access_token(TokenRequest::opaque()).await.map_err(Reply::from)?;
    Err(ErrorImATeapot("broken"))
}

/// A middleware below ours that gives up after the handler.
async fn give_up(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    match response.status() {
        StatusCode::OK => Err(ErrorImATeapot("gave up")),
        _ => Ok(response),
    }
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/", get().to(name))
        .route("/who", get().to(who))
        .route("/auth", get().to(auth))
        .route("/fine", get().to(fine))
        .route("/broken", get().to(broken))
        .service(scope("/a/b").route("/page", get().to(name)))
        .service(scope("/given-up").wrap(from_fn(give_up)).route("", get().to(fine)));
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn cookies(&self) -> Vec<&str> {
        let lines = self.headers.get_all(SET_COOKIE);
        lines.filter_map(|line| line.to_str().ok()).collect()
    }

    /// The first cookie, as a browser sends it back.
    fn cookie(&self) -> &str {
        self.cookies()[0].split(';').next().expect("a cookie")
    }

    fn location(&self) -> &str {
        let location = self.headers.get(LOCATION).expect("a redirect");
        location.to_str().expect("text")
    }
}

impl<B: MessageBody + 'static> From<Result<ServiceResponse<B>, Error>> for Answer {
    /// What a server would send: the response, or that of the error.
    fn from(result: Result<ServiceResponse<B>, Error>) -> Self {
        let response = match result {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.into_body().try_into_bytes().unwrap_or_default(),
        }
    }
}

async fn send(fixture: &Fixture, request: TestRequest) -> Answer {
    let app = App::new()
        .wrap(logto_actix_web::middleware(&fixture.logto))
        .configure(logto_actix_web::routes(&fixture.logto))
        .configure(pages);
    let app = init_service(app).await;
    try_call_service(&app, request.to_request()).await.into()
}

#[actix_web::test]
async fn a_user_signs_in_and_out() {
    let fixture = Fixture::new().await;
    let begun = send(&fixture, TestRequest::with_uri("/sign-in?return_to=/who")).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let callback = fixture.tenant.sign_in(begun.location(), "alice").await;
    let callback = callback.expect("a callback");
    let request = TestRequest::with_uri(&callback[BASE_URL.len()..]);
    let done = send(&fixture, request.insert_header((COOKIE, begun.cookie()))).await;
    assert_eq!(done.location(), "/who");

    let session = (COOKIE, done.cookie());
    let page = TestRequest::with_uri("/").insert_header(session.clone());
    assert_eq!(send(&fixture, page).await.body, "Alice Example");

    let request = TestRequest::with_uri("/sign-out").insert_header(session);
    let out = send(&fixture, request.method(Method::POST)).await;
    assert!(out.location().starts_with(fixture.tenant.endpoint()));
    let out = send(&fixture, TestRequest::with_uri("/sign-out")).await;
    assert_eq!(out.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[actix_web::test]
async fn pending_cookies_are_sent_with_responses_and_errors() {
    for (path, status) in [
        ("/fine", StatusCode::OK),
        ("/broken", StatusCode::IM_A_TEAPOT),
        ("/given-up", StatusCode::IM_A_TEAPOT),
    ] {
        let fixture = Fixture::new().await;
        fixture.end_access_token();
        let request = TestRequest::with_uri(path).insert_header((COOKIE, &*fixture.cookie));
        let answer = send(&fixture, request).await;
        assert_eq!(answer.status, status, "{path}");
        let cache_control = answer.headers.get(CACHE_CONTROL).expect("a header");
        assert_eq!(cache_control, "no-store", "{path}");
        let cookies = answer.cookies();
        let ours = cookies.iter().filter(|line| line.starts_with("logto_"));
        assert!(ours.count() > 0, "{path}: {cookies:?}");
        let theirs = cookies.contains(&"theirs=1");
        assert_eq!(theirs, path == "/fine", "{path}: {cookies:?}");
    }
}

#[actix_web::test]
async fn users_return_to_the_page_they_asked_for_even_in_a_scope() {
    let fixture = Fixture::new().await;
    let request = TestRequest::with_uri("/a/b/page?x=1").insert_header((ACCEPT, "text/html"));
    let answer = send(&fixture, request).await;
    assert_eq!(answer.location(), "/sign-in?return_to=%2Fa%2Fb%2Fpage%3Fx%3D1");
}

#[actix_web::test]
async fn a_header_that_is_not_text_is_harmless() {
    let fixture = Fixture::new().await;
    let noise = HeaderValue::from_bytes(b"\xff\xfe").expect("a header may hold any bytes");
    let request = TestRequest::with_uri("/")
        .append_header((COOKIE, &*fixture.cookie))
        .append_header((COOKIE, noise.clone()))
        .append_header((ACCEPT, noise));
    assert_eq!(send(&fixture, request).await.body, "Alice Example");
}

#[actix_web::test]
async fn looking_begins_no_sign_in() {
    let fixture = Fixture::new().await;
    let request = TestRequest::with_uri("/sign-in").method(Method::HEAD);
    let answer = send(&fixture, request).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.cookies().is_empty());
}

#[actix_web::test]
async fn without_the_middleware_user_and_maybe_user_are_refused() {
    for path in ["/", "/who", "/auth"] {
        let app = init_service(App::new().configure(pages)).await;
        let request = TestRequest::with_uri(path).to_request();
        let answer = Answer::from(try_call_service(&app, request).await);
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("logto_not_mounted"), "{path}: {text}");
    }
}
