//! What goes wrong easily between Rocket and the core.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails like the test itself"
)]

mod api;
mod refusals;

use std::sync::Mutex;

use logto_fixture::{BASE_URL, Fixture};
use logto_rocket::{Auth, Logto, LogtoConfig, MaybeUser, Reply, TokenRequest, User};
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::http::{CookieJar, Header, Status};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpStream;
use rocket::tokio::sync::oneshot;
use rocket::{Build, Config, Request, Rocket, catch, catchers, get, routes, tokio};

#[get("/")]
async fn name(user: User) -> String {
    user.name().unwrap_or("nameless").to_owned()
}

#[get("/who")]
fn who(user: MaybeUser) -> &'static str {
    user.0.map_or("no one", |_| "someone")
}

#[get("/auth")]
async fn auth(auth: Auth) -> Result<String, Reply> {
    Ok(format!("{:?}", auth.session_state().await?))
}

/// An answer with a cookie of the app.
#[get("/fine")]
async fn fine(user: User, jar: &CookieJar<'_>) -> Result<&'static str, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    jar.add(("theirs", "1"));
    Ok("fine")
}

#[get("/broken")]
async fn broken(user: User) -> Result<Status, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(Status::ImATeapot)
}

#[get("/caught")]
async fn caught(user: User) -> Result<Status, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok(Status::Gone)
}

#[catch(410)]
fn gone(request: &Request<'_>) -> &'static str {
    request.cookies().add(("theirs", "1"));
    "gone"
}

fn rocket() -> Rocket<Build> {
    rocket::custom(Figment::from(Config::debug_default()).merge(("log_level", "off")))
}

fn app(fixture: &Fixture) -> Rocket<Build> {
    rocket()
        .attach(logto_rocket::fairing(&fixture.logto))
        .mount("/", routes![name, who, auth, fine, broken, caught])
        .mount("/a/b", routes![name])
        .register("/", catchers![gone])
}

async fn client(app: Rocket<Build>) -> Client {
    Client::untracked(app).await.expect("a valid rocket")
}

/// With cookies in the header, as from a browser.
fn with_cookie<'c>(request: LocalRequest<'c>, cookie: &str) -> LocalRequest<'c> {
    request.header(Header::new("cookie", cookie.to_owned()))
}

fn cookies<'r>(response: &'r LocalResponse<'_>) -> Vec<&'r str> {
    response.headers().get("set-cookie").collect()
}

fn location<'r>(response: &'r LocalResponse<'_>) -> &'r str {
    let location = response.headers().get_one("location");
    location.expect("a redirect")
}

#[rocket::async_test]
async fn a_user_signs_in_and_out() {
    let fixture = Fixture::new().await;
    let client = client(app(&fixture)).await;
    let begun = client.get("/sign-in?return_to=/who").dispatch().await;
    assert_eq!(begun.status(), Status::SeeOther);
    let callback = fixture.tenant.sign_in(location(&begun), "alice").await;
    let callback = callback.expect("a callback");
    let transaction = cookies(&begun)[0].split(';').next().expect("a cookie");
    let back = client.get(callback[BASE_URL.len()..].to_owned());
    let done = with_cookie(back, transaction).dispatch().await;
    assert_eq!(location(&done), "/who");

    let session = cookies(&done)[0].split(';').next().expect("a cookie");
    let page = with_cookie(client.get("/"), session).dispatch().await;
    assert_eq!(page.into_string().await.as_deref(), Some("Alice Example"));

    let out = with_cookie(client.post("/sign-out"), session);
    let out = out.dispatch().await;
    assert!(location(&out).starts_with(fixture.tenant.endpoint()));
    let out = client.get("/sign-out").dispatch().await;
    assert_eq!(out.status(), Status::MethodNotAllowed);
}

#[rocket::async_test]
async fn cookies_of_the_local_client_count() {
    let fixture = Fixture::new().await;
    let client = client(app(&fixture)).await;
    let (name, value) = fixture.cookie.split_once('=').expect("a cookie");
    let request = client.get("/who").cookie((name, value));
    let answer = request.dispatch().await.into_string().await;
    assert_eq!(answer.as_deref(), Some("someone"));
}

#[rocket::async_test]
async fn pending_cookies_are_sent_with_responses_and_errors() {
    for (path, status) in
        [("/fine", Status::Ok), ("/broken", Status::ImATeapot), ("/caught", Status::Gone)]
    {
        let fixture = Fixture::new().await;
        fixture.end_access_token();
        let client = client(app(&fixture)).await;
        let request = with_cookie(client.get(path), &fixture.cookie);
        let response = request.dispatch().await;
        assert_eq!(response.status(), status, "{path}");
        let cache_control: Vec<_> = response.headers().get("cache-control").collect();
        assert_eq!(cache_control, ["no-store"], "{path}");
        let cookies = cookies(&response);
        let ours = cookies.iter().filter(|line| line.starts_with("logto_"));
        assert!(ours.count() > 0, "{path}: {cookies:?}");
        let theirs = cookies.iter().any(|line| line.starts_with("theirs=1"));
        assert_eq!(theirs, path != "/broken", "{path}: {cookies:?}");
    }
}

#[rocket::async_test]
async fn looking_begins_no_sign_in() {
    let fixture = Fixture::new().await;
    let client = client(app(&fixture)).await;
    let response = client.head("/sign-in").dispatch().await;
    assert_eq!(response.status(), Status::NoContent);
    assert!(cookies(&response).is_empty());
}

/// Rocket logs `Request::uri`.
#[rocket::async_test]
async fn a_code_is_not_in_the_address_that_rocket_logs() {
    let fixture = Fixture::new().await;
    let seen = AdHoc::on_response("seen", |request, response| {
        Box::pin(async move {
            response.set_raw_header("x-seen", request.uri().to_string());
        })
    });
    let client = client(app(&fixture).attach(seen)).await;
    for path in ["/callback", "/callback/", "//callback//"] {
        let callback = format!("{path}?code=secret&state=x");
        let response = client.get(callback).dispatch().await;
        assert_eq!(response.headers().get_one("x-seen"), Some("/callback"));
        assert_eq!(response.status(), Status::BadRequest, "the core still reads the query");
        let page = response.into_string().await.unwrap();
        assert!(page.contains("can no longer be completed"), "{page}");
    }
    let response = client.get("/name?code=mine&state=x").dispatch().await;
    assert_eq!(response.headers().get_one("x-seen"), Some("/name?code=mine&state=x"));

    // A callback that is a route of the app is known by its `state`.
    let begun = client.get("/sign-in").dispatch().await;
    let callback = fixture.tenant.sign_in(location(&begun), "alice").await.expect("a callback");
    let (_, query) = callback.split_once('?').expect("a query");
    let response = client.get(format!("/name?{query}")).dispatch().await;
    assert_eq!(response.headers().get_one("x-seen"), Some("/name"));
}

fn logto_at(base_url: &str) -> Logto {
    let config = LogtoConfig::new("http://localhost:1", "app", "secret")
        .with_base_url(base_url)
        .with_cookie_secret("a cookie secret that is long enough")
        .with_route_prefix("/auth");
    Logto::new(config).expect("a valid configuration")
}

#[rocket::async_test]
async fn the_routes_are_at_the_path_of_the_base_url_too() {
    let logto = logto_at("http://localhost:3000/app/");
    let client = client(rocket().attach(logto_rocket::fairing(&logto))).await;
    for path in ["/app/auth/sign-in", "/auth/sign-in"] {
        let response = client.head(path).dispatch().await;
        assert_eq!(response.status(), Status::NoContent, "{path}");
    }
}

#[rocket::async_test]
async fn a_rocket_without_the_fairing_does_not_launch() {
    for routes in [routes![name], routes![who], routes![auth]] {
        match rocket().mount("/", routes).ignite().await {
            Ok(_) => panic!("it launches"),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::SentinelAborts(_))),
        }
    }
}

/// Rocket's local client can send neither.
#[rocket::async_test]
async fn bytes_that_are_not_text_and_split_cookies_are_harmless() {
    let fixture = Fixture::new().await;
    let (send, port) = oneshot::channel();
    let send = Mutex::new(Some(send));
    let app = app(&fixture).attach(AdHoc::on_liftoff("port", move |rocket| {
        let send = send.lock().ok().and_then(|mut send| send.take());
        let sent = send.map(|send| send.send(rocket.config().port));
        Box::pin(async move { assert_eq!(sent, Some(Ok(()))) })
    }));
    let figment = app.figment().clone().merge(("port", 0));
    tokio::spawn(app.configure(figment).launch());

    let port = port.await.expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await;
    let stream = stream.as_mut().expect("a connection");
    let mut request = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: a=b\r\ncookie: {}\r\n",
        fixture.cookie
    )
    .into_bytes();
    request.extend(b"cookie: \xff\xfe\r\naccept: \xff\xfe\r\n\r\n");
    stream.write_all(&request).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.ends_with("Alice Example"), "{answer}");
}
