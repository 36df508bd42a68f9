//! What goes wrong easily between poem and the core.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod api;

use logto_fixture::{BASE_URL, Fixture};
use logto_poem::{Auth, MaybeUser, Reply, TokenRequest, User};
use poem::error::NotFoundError;
use poem::http::header::{ACCEPT, CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE, VARY};
use poem::http::{HeaderValue, Method, StatusCode};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::test::{TestClient, TestResponse};
use poem::web::WithHeader;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[handler]
async fn name(user: User) -> String {
    user.name().unwrap_or("nameless").to_owned()
}

#[handler]
async fn who(MaybeUser(user): MaybeUser) -> String {
    user.map_or("no one", |_| "someone").to_owned()
}

/// An answer with a cookie of the app.
#[handler]
async fn fine(user: User) -> Result<WithHeader<&'static str>, Reply> {
    user.access_token(TokenRequest::opaque()).await?;
    Ok("fine".with_header(SET_COOKIE, "theirs=1"))
}

#[handler]
async fn broken(user: User) -> poem::Result<()> {
    user.access_token(TokenRequest::opaque()).await.map_err(Reply::from)?;
    Err(StatusCode::IM_A_TEAPOT.into())
}

/// A document that is there for some users only.
#[handler]
async fn hidden(_: MaybeUser) -> poem::Result<()> {
    Err(NotFoundError.into())
}

fn app(fixture: &Fixture) -> impl Endpoint<Output = Response> {
    logto_poem::routes(&fixture.logto)
        .at("/hidden", get(hidden))
        .at("/", get(name))
        .at("/who", get(who))
        .at("/fine", get(fine))
        .at("/broken", get(broken))
        .with(logto_poem::middleware(&fixture.logto))
}

fn cookies(response: &TestResponse) -> Vec<&str> {
    let lines = response.0.headers().get_all(SET_COOKIE);
    lines.iter().filter_map(|line| line.to_str().ok()).collect()
}

fn location(response: &TestResponse) -> &str {
    let location = response.0.headers().get(LOCATION).expect("a redirect");
    location.to_str().expect("text")
}

/// What a real server answers to bytes on the wire.
async fn over_the_wire(app: impl Endpoint + 'static, request: &[u8]) -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
    let acceptor = acceptor.expect("a port");
    let address = *acceptor.local_addr()[0].as_socket_addr().expect("an address");
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test]
async fn caches_do_not_keep_an_error_that_depends_on_the_user() {
    let fixture = Fixture::new().await;
    let client = TestClient::new(app(&fixture));
    let response = client.get("/hidden").send().await;
    response.assert_status(StatusCode::NOT_FOUND);
    response.assert_header(CACHE_CONTROL, "private");
    response.assert_header(VARY, "Cookie");
}

#[tokio::test]
async fn a_user_signs_in_and_out() {
    let fixture = Fixture::new().await;
    let client = TestClient::new(app(&fixture));

    let begun = client.get("/sign-in?return_to=/who").send().await;
    begun.assert_status(StatusCode::SEE_OTHER);
    let callback = fixture.tenant.sign_in(location(&begun), "alice").await;
    let callback = callback.expect("a callback");
    let transaction = cookies(&begun)[0].split(';').next().expect("a cookie");
    let done = client.get(&callback[BASE_URL.len()..]).header(COOKIE, transaction).send().await;
    assert_eq!(location(&done), "/who");

    let session = cookies(&done)[0].split(';').next().expect("a cookie");
    let page = client.get("/").header(COOKIE, session).send().await;
    page.assert_text("Alice Example").await;

    let out = client.post("/sign-out").header(COOKIE, session).send().await;
    out.assert_status(StatusCode::SEE_OTHER);
    assert!(location(&out).starts_with(fixture.tenant.endpoint()));
    client.get("/sign-out").send().await.assert_status(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn pending_cookies_are_sent_with_responses_and_errors() {
    for (path, status) in [("/fine", StatusCode::OK), ("/broken", StatusCode::IM_A_TEAPOT)] {
        let fixture = Fixture::new().await;
        fixture.end_access_token();
        let client = TestClient::new(app(&fixture));
        let response = client.get(path).header(COOKIE, &fixture.cookie).send().await;
        response.assert_status(status);
        response.assert_header(CACHE_CONTROL, "no-store");
        let cookies = cookies(&response);
        let ours = cookies.iter().filter(|line| line.starts_with("logto_"));
        assert!(ours.count() > 0, "{path}: {cookies:?}");
        let theirs = cookies.contains(&"theirs=1");
        assert_eq!(theirs, path == "/fine", "{path}: {cookies:?}");
    }
}

#[tokio::test]
async fn an_error_without_pending_cookies_stays_an_error() {
    let fixture = Fixture::new().await;
    let request = |path: &str| {
        let request = Request::builder().uri(path.parse().expect("a path"));
        request.header(COOKIE, &fixture.cookie).finish()
    };
    let error = app(&fixture).call(request("/broken")).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::IM_A_TEAPOT);
    let app = app(&fixture).catch_error(async |_: NotFoundError| "caught");
    let caught = app.call(request("/nowhere")).await.expect("an answer");
    let caught = caught.into_response().into_body().into_string().await;
    assert_eq!(caught.expect("a text"), "caught");
}

#[tokio::test]
async fn a_refusal_can_be_caught_as_what_it_is() {
    let fixture = Fixture::new().await;
    let app = app(&fixture).catch_error(async |reply: Reply| reply.with_header("x-caught", "yes"));
    let response = TestClient::new(app).get("/").send().await;
    response.assert_status(StatusCode::UNAUTHORIZED);
    response.assert_header("x-caught", "yes");
}

#[tokio::test]
async fn users_return_to_the_page_they_asked_for_even_if_it_is_nested() {
    let fixture = Fixture::new().await;
    let page = Route::new().at("/page", get(name).with(logto_poem::middleware(&fixture.logto)));
    let nested = Route::new().nest("/a", Route::new().nest("/b", page));
    let answer = over_the_wire(
        nested,
        b"GET /a/b/page?x=1 HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n",
    );
    let answer = answer.await.to_lowercase();
    assert!(
        answer.contains("location: /sign-in?return_to=%2fa%2fb%2fpage%3fx%3d1\r\n"),
        "{answer}"
    );

    // poem's test client knows no original address.
    let response =
        TestClient::new(app(&fixture)).get("/?x=1").header(ACCEPT, "text/html").send().await;
    assert_eq!(location(&response), "/sign-in?return_to=%2F%3Fx%3D1");
}

#[tokio::test]
async fn a_header_that_is_not_text_is_harmless() {
    let fixture = Fixture::new().await;
    let client = TestClient::new(app(&fixture));
    let noise = HeaderValue::from_bytes(b"\xff\xfe").expect("a header may hold any bytes");
    let response = client
        .get("/")
        .header(COOKIE, &fixture.cookie)
        .header(ACCEPT, &noise)
        .header(COOKIE, &noise)
        .send()
        .await;
    response.assert_text("Alice Example").await;
}

#[tokio::test]
async fn looking_begins_no_sign_in() {
    let fixture = Fixture::new().await;
    let client = TestClient::new(app(&fixture));
    let response = client.request(Method::HEAD, "/sign-in").send().await;
    response.assert_status(StatusCode::NO_CONTENT);
    assert!(cookies(&response).is_empty());
}

#[tokio::test]
async fn without_the_middleware_user_and_maybe_user_are_refused() {
    #[handler]
    async fn auth(auth: Auth) -> Result<String, Reply> {
        Ok(format!("{:?}", auth.session_state().await?))
    }
    let app = Route::new().at("/", get(name)).at("/who", get(who)).at("/auth", get(auth));
    let client = TestClient::new(app);
    for path in ["/", "/who", "/auth"] {
        let response = client.get(path).send().await;
        response.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
        let text = response.0.into_body().into_string().await.expect("a text");
        assert!(text.contains("logto_not_mounted"), "{path}: {text}");
    }
}
