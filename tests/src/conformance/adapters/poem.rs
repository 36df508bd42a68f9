//! The test app in poem.

use std::io::Error as IoError;

use futures::StreamExt;
use logto_poem::{
    Auth, DirectSignIn, FreshUser, MaybeUser, Reply, SignInOptions, TokenRequest, User,
};
use poem::http::StatusCode;
use poem::http::header::{CACHE_CONTROL, CONNECTION, LOCATION, SET_COOKIE, UPGRADE};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{
    Body, EndpointExt, Error, IntoResponse, Request, Response, Result, Route, Server, get, handler,
    post,
};
use tokio::io;

use crate::conformance::{Adapter, Server as Running, TestApp};

/// poem, with `logto-poem`.
#[derive(Debug)]
pub(super) struct Poem;

impl Adapter for Poem {
    const NAME: &'static str = "poem";

    async fn serve(app: TestApp) -> Option<Running> {
        let listener = TcpListener::bind("127.0.0.1:0");
        let acceptor = listener.into_acceptor().await.expect("a port");
        let address = acceptor.local_addr();
        let address = address.iter().find_map(|address| address.as_socket_addr());
        let address = *address.expect("an address");
        let route = route(app);
        Some(Running::spawn(address, async {
            let server = Server::new_with_acceptor(acceptor);
            server.run(route).await.expect("poem serves");
        }))
    }
}

fn route(app: TestApp) -> Route {
    let middleware = logto_poem::middleware(&app.logto);
    let mounted_at = app.mounted_at;
    let deep = Route::new().at("/page", get(page));
    let routes = match app.without_routes {
        true => Route::new(),
        false => logto_poem::routes(&app.logto),
    };
    let endpoint = routes
        .at("/hello", get(hello))
        .at("/page", get(page))
        .nest("/nested", Route::new().nest("/deep", deep))
        .at("/files/*path", get(page))
        .at("/echo", post(echo))
        .at("/fresh", get(fresh).post(fresh))
        .at("/info", get(info))
        .at("/tokens", get(tokens))
        .at("/state", get(state))
        .at("/hugging-face", get(hugging_face))
        .at("/cookies", get(cookies))
        .at("/moves", get(moves))
        .at("/fails", get(fails))
        .at("/stream", get(stream))
        .at("/socket", get(socket))
        .at("/plain", get(plain))
        .with_if(!app.bare, middleware)
        .data(app);
    match mounted_at {
        "" => Route::new().nest("/", endpoint),
        path => Route::new().nest(path, endpoint),
    }
}

#[handler]
async fn hello(MaybeUser(user): MaybeUser) -> String {
    TestApp::greeting(user.as_ref())
}

#[handler]
async fn page(user: User) -> String {
    TestApp::greeting(Some(&user))
}

#[handler]
async fn echo(_user: User, body: Vec<u8>) -> Vec<u8> {
    body
}

#[handler]
async fn fresh(user: FreshUser<300>) -> String {
    TestApp::greeting(Some(&user))
}

#[handler]
async fn info(user: User) -> Result<String, Reply> {
    Ok(user.fetch_user_info().await?.sub.clone())
}

#[handler]
async fn tokens(user: User) -> Result<String, Reply> {
    Ok(TestApp::tokens(&user).await?)
}

#[handler]
async fn state(auth: Auth) -> Result<String, Reply> {
    Ok(format!("{:?}", auth.session_state().await?))
}

#[handler]
async fn hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

#[handler]
async fn cookies(user: User) -> Result<Response, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let mut response = "cookies".into_response();
    for line in ["app-one=1; Path=/", "app-two=2; Path=/"] {
        let line = line.parse().expect("a value");
        response.headers_mut().append(SET_COOKIE, line);
    }
    Ok(response)
}

#[handler]
async fn moves(user: User) -> Result<impl IntoResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(StatusCode::SEE_OTHER.with_header(LOCATION, "/elsewhere"))
}

#[handler]
async fn fails(user: User) -> Result<()> {
    user.access_token(TokenRequest::opaque()).await.map_err(Reply::from)?;
    let response = "failed".with_status(StatusCode::IM_A_TEAPOT).into_response();
    Err(Error::from_response(response))
}

#[handler]
async fn stream(user: User, Data(app): Data<&TestApp>) -> Result<Response, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let body = Body::from_bytes_stream(app.halves().map(Ok::<_, IoError>));
    let response = Response::builder().content_type("text/plain; charset=utf-8");
    Ok(response.body(body))
}

#[handler]
async fn socket(_user: MaybeUser, request: &Request) -> Result<impl IntoResponse> {
    let upgrade = request.take_upgrade()?;
    tokio::spawn(async move {
        let upgraded = upgrade.await.expect("the connection is handed over");
        let (mut read, mut write) = io::split(upgraded);
        io::copy(&mut read, &mut write).await
    });
    let switching = StatusCode::SWITCHING_PROTOCOLS.with_header(CONNECTION, "upgrade");
    Ok(switching.with_header(UPGRADE, "websocket"))
}

#[handler]
async fn plain() -> impl IntoResponse {
    let plain = "plain".with_header(CACHE_CONTROL, "max-age=60");
    plain.with_header(SET_COOKIE, "app-one=1; Path=/")
}
