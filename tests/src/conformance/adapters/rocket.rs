//! The test app in Rocket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;

use futures::channel::oneshot;
use futures::stream::Stream;
use logto_rocket::{
    Auth, DirectSignIn, FreshUser, MaybeUser, Reply, SignInOptions, TokenRequest, User,
};
use rocket::config::{LogLevel, Shutdown};
use rocket::data::{Data, IoHandler, IoStream, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::http::{ContentType, Header, Status};
use rocket::response::stream::TextStream;
use rocket::response::{Redirect, Responder, Response};
use rocket::shield::Shield;
use rocket::{Build, Config, Rocket, State, async_trait, catch, catchers, get, post, routes};
use tokio::io;

use crate::conformance::{Adapter, Server, TestApp};

/// Rocket, with `logto-rocket`.
#[derive(Debug)]
pub(super) struct Rocketeer;

impl Adapter for Rocketeer {
    const NAME: &'static str = "rocket";

    // Rocket drops a header that is not UTF-8 before anyone sees it.
    const EXCUSED: &'static [&'static str] = &[
        "a foreign cookie that is not text in our header",
        "an origin that is not text signs no one out",
        "htmx on a page that is not text",
        "an Accept that is text for the most part",
        // The fairing mounts them.
        "the SDK's routes were forgotten",
    ];

    async fn serve(app: TestApp) -> Option<Server> {
        let (tell, told) = oneshot::channel();
        let rocket = rocket(app).attach(AdHoc::on_liftoff("port", |rocket| {
            tell.send(rocket.config().port).expect("someone waits for the port");
            Box::pin(async {})
        }));
        let rocket = match rocket.ignite().await {
            Ok(rocket) => rocket,
            Err(refused) => {
                // It wants to be looked at.
                let _ = refused.kind();
                return None;
            }
        };
        let shutdown = rocket.shutdown();
        tokio::spawn(async {
            if let Err(failed) = rocket.launch().await {
                let _ = failed.kind();
            }
        });
        let port = told.await.expect("Rocket takes off");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Some(Server::new(address, || shutdown.notify()))
    }
}

fn rocket(app: TestApp) -> Rocket<Build> {
    let config = Config {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        workers: 1,
        log_level: LogLevel::Off,
        shutdown: Shutdown { ctrlc: false, grace: 0, mercy: 0, ..Shutdown::default() },
        ..Config::debug_default()
    };
    let pages = routes![
        hello,
        page,
        files,
        echo,
        fresh,
        fresh_post,
        fresh_refused,
        info,
        tokens,
        state,
        hugging_face,
        cookies,
        moves,
        fails,
        stream,
        socket,
        plain
    ];
    let rocket = rocket::custom(config)
        // The headers that Rocket adds to everything are not what is compared.
        .attach(Shield::new())
        .mount(format!("{}/", app.mounted_at), pages)
        .mount(format!("{}/nested/deep", app.mounted_at), routes![page])
        .register("/", catchers![failed]);
    let rocket = match app.bare {
        true => rocket,
        false => rocket.attach(logto_rocket::fairing(&app.logto)),
    };
    rocket.manage(app)
}

#[get("/hello")]
async fn hello(user: MaybeUser) -> String {
    TestApp::greeting(user.0.as_ref())
}

#[get("/page")]
async fn page(user: User) -> String {
    TestApp::greeting(Some(&user))
}

#[get("/files/<_..>")]
async fn files(user: User) -> String {
    TestApp::greeting(Some(&user))
}

#[post("/echo", data = "<body>")]
async fn echo(_user: User, body: Data<'_>) -> (ContentType, Vec<u8>) {
    let body = body.open(1.mebibytes()).into_bytes().await;
    let body = body.expect("the body arrives").into_inner();
    (ContentType::Binary, body)
}

#[get("/fresh")]
async fn fresh(user: FreshUser<300>) -> String {
    TestApp::greeting(Some(&user))
}

#[post("/fresh")]
async fn fresh_post(user: FreshUser<300>) -> String {
    TestApp::greeting(Some(&user))
}

/// The rest of a refused request, as `docs/behind-a-proxy.md` has it.
#[post("/fresh", rank = 2, data = "<body>")]
async fn fresh_refused(body: Data<'_>) -> Status {
    // Whether or not all of it came, the request is answered.
    let _ = body.open(100.mebibytes()).stream_to(io::sink()).await;
    Status::Unauthorized
}

#[get("/info")]
async fn info(user: User) -> Result<String, Reply> {
    Ok(user.fetch_user_info().await?.sub.clone())
}

#[get("/tokens")]
async fn tokens(user: User) -> Result<String, Reply> {
    Ok(TestApp::tokens(&user).await?)
}

#[get("/state")]
async fn state(auth: Auth) -> Result<String, Reply> {
    Ok(format!("{:?}", auth.session_state().await?))
}

#[get("/hugging-face")]
async fn hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// An answer with cookies of the app.
struct WithCookies(&'static str, &'static [&'static str]);

impl<'r> Responder<'r, 'static> for WithCookies {
    fn respond_to(self, request: &'r rocket::Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build_from(self.0.respond_to(request)?);
        for line in self.1 {
            response.header_adjoin(Header::new("set-cookie", *line));
        }
        response.ok()
    }
}

#[get("/cookies")]
async fn cookies(user: User) -> Result<WithCookies, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    let lines = &["app-one=1; Path=/", "app-two=2; Path=/"];
    Ok(WithCookies("cookies", lines))
}

#[get("/moves")]
async fn moves(user: User) -> Result<Redirect, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(Redirect::to("/elsewhere"))
}

#[derive(Responder)]
enum Failure {
    Logto(Reply),
    App(Status),
}

#[get("/fails")]
async fn fails(user: User) -> Result<(), Failure> {
    let token = user.access_token(TokenRequest::opaque()).await;
    token.map_err(|error| Failure::Logto(error.into()))?;
    Err(Failure::App(Status::ImATeapot))
}

#[catch(418)]
fn failed() -> &'static str {
    "failed"
}

#[get("/stream")]
async fn stream(
    user: User,
    app: &State<TestApp>,
) -> Result<TextStream<impl Stream<Item = &'static str> + use<>>, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(TextStream::from(app.halves()))
}

struct Echo;

#[async_trait]
impl IoHandler for Echo {
    async fn io(self: Pin<Box<Self>>, connection: IoStream) -> io::Result<()> {
        let (mut read, mut write) = io::split(connection);
        io::copy(&mut read, &mut write).await.map(drop)
    }
}

impl<'r> Responder<'r, 'r> for Echo {
    fn respond_to(self, _: &'r rocket::Request<'_>) -> rocket::response::Result<'r> {
        Response::build().upgrade("websocket", self).ok()
    }
}

#[get("/socket")]
async fn socket(_user: MaybeUser) -> Echo {
    Echo
}

/// `Cache-Control` and a cookie of the app.
struct Plain;

impl<'r> Responder<'r, 'static> for Plain {
    fn respond_to(self, request: &'r rocket::Request<'_>) -> rocket::response::Result<'static> {
        let answer = WithCookies("plain", &["app-one=1; Path=/"]);
        let mut response = answer.respond_to(request)?;
        response.set_header(Header::new("cache-control", "max-age=60"));
        Ok(response)
    }
}

#[get("/plain")]
async fn plain() -> Plain {
    Plain
}
