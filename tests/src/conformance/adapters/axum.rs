//! The test app in axum.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONNECTION, LOCATION, SET_COOKIE, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use hyper_util::rt::TokioIo;
use logto_axum::{
    Auth, DirectSignIn, FreshUser, MaybeUser, Reply, SignInOptions, TokenRequest, User,
};
use tokio::io;
use tokio::net::TcpListener;

use crate::conformance::{Adapter, Server, TestApp};

/// axum, with `logto-axum`.
#[derive(Debug)]
pub struct Axum;

impl Adapter for Axum {
    const NAME: &'static str = "axum";

    async fn serve(app: TestApp) -> Option<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = router(&app);
        Some(Server::spawn(address, async {
            axum::serve(listener, router).await.expect("axum serves");
        }))
    }
}

pub(super) fn router(app: &TestApp) -> Router {
    with_logto(app, routes(app))
}

/// The routes of the test app, for frameworks that are built on axum too.
pub fn routes<S: Clone + Send + Sync + 'static>(app: &TestApp) -> Router<S> {
    let pages = Router::new().route("/page", get(page));
    let stream_app = app.clone();
    Router::new()
        .route("/hello", get(hello))
        .route("/page", get(page))
        .nest("/nested", Router::new().nest("/deep", pages))
        .route("/files/{*path}", get(page))
        .route("/echo", post(echo))
        .route("/fresh", get(fresh).post(fresh))
        .route("/info", get(info))
        .route("/tokens", get(tokens))
        .route("/state", get(state))
        .route("/hugging-face", get(hugging_face))
        .route("/cookies", get(cookies))
        .route("/moves", get(moves))
        .route("/fails", get(fails))
        .route("/stream", get(async move |user| stream(user, stream_app).await))
        .route("/socket", get(socket))
        .route("/plain", get(plain))
}

/// Puts the SDK's layer and routes around the test app.
pub fn with_logto(app: &TestApp, router: Router) -> Router {
    let router = match app.bare {
        true => router,
        false => router.layer(logto_axum::layer(&app.logto)),
    };
    let router = match app.without_routes {
        true => router,
        false => router.merge(logto_axum::routes(&app.logto)),
    };
    match app.mounted_at {
        "" => router,
        path => Router::new().nest(path, router),
    }
}

async fn hello(user: Option<User>) -> String {
    TestApp::greeting(user.as_deref())
}

async fn page(user: User) -> String {
    TestApp::greeting(Some(&user))
}

async fn echo(_: User, body: Bytes) -> Bytes {
    body
}

async fn fresh(user: FreshUser<300>) -> String {
    TestApp::greeting(Some(&user))
}

async fn info(user: User) -> Result<String, Reply> {
    Ok(user.fetch_user_info().await?.sub.clone())
}

async fn tokens(user: User) -> Result<String, Reply> {
    Ok(TestApp::tokens(&user).await?)
}

async fn state(auth: Auth) -> Result<String, Reply> {
    Ok(format!("{:?}", auth.session_state().await?))
}

async fn hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

async fn cookies(user: User) -> Result<impl IntoResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let cookies = ["app-one=1; Path=/", "app-two=2; Path=/"].map(|line| (SET_COOKIE, line));
    Ok((AppendHeaders(cookies), "cookies"))
}

async fn moves(user: User) -> Result<impl IntoResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, "/elsewhere")]))
}

async fn fails(user: User) -> Result<Infallible, Response> {
    user.access_token(TokenRequest::opaque())
        .await
        .map_err(|error| Reply::from(error).into_response())?;
    Err((StatusCode::IM_A_TEAPOT, "failed").into_response())
}

async fn stream(user: User, app: TestApp) -> Result<Response, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let body = Body::from_stream(app.halves().map(Ok::<_, Infallible>));
    Ok(([("content-type", "text/plain; charset=utf-8")], body).into_response())
}

async fn socket(_: MaybeUser, mut request: Request) -> impl IntoResponse {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let upgraded = upgrade.await.expect("the connection is handed over");
        let (mut read, mut write) = io::split(TokioIo::new(upgraded));
        io::copy(&mut read, &mut write).await
    });
    let headers = [(CONNECTION, "upgrade"), (UPGRADE, "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

async fn plain() -> impl IntoResponse {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, "max-age=60".parse().expect("a value"));
    headers.insert(SET_COOKIE, "app-one=1; Path=/".parse().expect("a value"));
    (headers, "plain")
}
