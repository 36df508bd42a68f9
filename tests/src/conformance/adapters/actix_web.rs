//! The test app in Actix Web.

use actix_web::body::BodyStream;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use actix_web::middleware::Condition;
use actix_web::web::{self, Bytes, Data, Payload, PayloadConfig, ServiceConfig};
use actix_web::{
    App, Error, FromRequest, Handler, HttpResponse, HttpServer, Responder, Route, guard,
};
use futures::StreamExt;
use logto_actix_web::{
    Auth, DirectSignIn, FreshUser, MaybeUser, Reply, SignInOptions, TokenRequest, User,
};

use crate::conformance::{Adapter, Server, TestApp};

/// Actix Web, with `logto-actix-web`.
#[derive(Debug)]
pub(super) struct ActixWeb;

impl Adapter for ActixWeb {
    const NAME: &'static str = "actix-web";

    // Actix Web refuses a target that is not ASCII, which no browser sends, before anyone sees it.
    const EXCUSED: &'static [&'static str] = &["letters that are not encoded"];

    async fn serve(app: TestApp) -> Option<Server> {
        let server = HttpServer::new(move || {
            let without_routes = app.without_routes;
            let middleware = Condition::new(!app.bare, logto_actix_web::middleware(&app.logto));
            let logto = app.logto.clone();
            App::new()
                .app_data(Data::new(app.clone()))
                .app_data(PayloadConfig::new(1 << 20))
                .wrap(middleware)
                .service(
                    web::scope(app.mounted_at)
                        .configure(move |config| match without_routes {
                            true => {}
                            false => logto_actix_web::routes(&logto)(config),
                        })
                        .configure(pages),
                )
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").expect("a port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Some(Server::new(address, move || {
            // The command is sent at once; no one waits for the answer.
            drop(handle.stop(false));
        }))
    }
}

fn pages(config: &mut ServiceConfig) {
    let deep = web::scope("/deep").route("/page", page_of(page));
    config
        .route("/hello", page_of(hello))
        .route("/page", page_of(page))
        .service(web::scope("/nested").service(deep))
        .route("/files/{path:.*}", page_of(page))
        .route("/echo", web::post().to(echo))
        .route("/fresh", page_of(fresh))
        .route("/fresh", web::post().to(fresh))
        .route("/info", page_of(info))
        .route("/tokens", page_of(tokens))
        .route("/state", page_of(state))
        .route("/hugging-face", page_of(hugging_face))
        .route("/cookies", page_of(cookies))
        .route("/moves", page_of(moves))
        .route("/fails", page_of(fails))
        .route("/stream", page_of(stream))
        .route("/socket", page_of(socket))
        .route("/plain", page_of(plain));
}

fn page_of<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let method = guard::Any(guard::Get()).or(guard::Head());
    web::route().guard(method).to(handler)
}

async fn hello(MaybeUser(user): MaybeUser) -> String {
    TestApp::greeting(user.as_ref())
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

async fn cookies(user: User) -> Result<HttpResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(HttpResponse::Ok()
        .append_header((SET_COOKIE, "app-one=1; Path=/"))
        .append_header((SET_COOKIE, "app-two=2; Path=/"))
        .content_type("text/plain; charset=utf-8")
        .body("cookies"))
}

async fn moves(user: User) -> Result<HttpResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let mut response = HttpResponse::SeeOther();
    Ok(response.insert_header((LOCATION, "/elsewhere")).finish())
}

async fn fails(user: User) -> Result<HttpResponse, Error> {
    user.access_token(TokenRequest::opaque()).await.map_err(Reply::from)?;
    Err(InternalError::new("failed", StatusCode::IM_A_TEAPOT).into())
}

async fn stream(user: User, app: Data<TestApp>) -> Result<HttpResponse, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let halves = app.halves().map(|half| Ok::<_, Error>(Bytes::from(half)));
    let mut response = HttpResponse::Ok();
    Ok(response.content_type("text/plain; charset=utf-8").streaming(halves))
}

async fn socket(_: MaybeUser, sent: Payload) -> HttpResponse {
    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket").body(BodyStream::new(sent))
}

async fn plain() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "max-age=60"))
        .insert_header((SET_COOKIE, "app-one=1; Path=/"))
        .content_type("text/plain; charset=utf-8")
        .body("plain")
}
