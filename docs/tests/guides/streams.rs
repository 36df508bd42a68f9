//! The guide about streams: each ends with the session.

use reqwest::{RequestBuilder, Upgraded};
use tokio::io::AsyncReadExt;

use crate::running_app::RunningApp;

/// What ends the streams.
async fn sign_alice_out(running: &RunningApp) {
    running.fixture.logto.sign_out_everywhere("8s8claa1vi9z").await.unwrap();
}

mod axum_events {
    guide!("streams-1");

    #[tokio::test]
    async fn the_last_event_says_why() {
        let running = crate::running_app::RunningApp::serve(app).await;
        running.needs_sign_in("/events").await;
        let events = running.alice(reqwest::Method::GET, "/events").send().await.unwrap();
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        super::sign_alice_out(&running).await;
        assert!(events.text().await.unwrap().contains("event: signed-out"));
    }
}

mod actix_events {
    guide!("streams-2");

    use actix_web::{App, test};
    use logto_actix_web::{middleware, routes as sdk_routes};

    #[actix_web::test]
    async fn they_end() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let logto = &running.fixture.logto;
        let app =
            App::new().wrap(middleware(logto)).configure(sdk_routes(logto)).configure(streams);
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/events");
        let request = request.insert_header(("cookie", running.fixture.cookie.as_str()));
        let response = test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 200);
        super::sign_alice_out(&running).await;
        assert!(test::read_body(response).await.is_empty());
        let refused = test::TestRequest::get().uri("/events").to_request();
        assert_eq!(test::call_service(&app, refused).await.status(), 401);
    }
}

mod poem_events {
    guide!("streams-3");

    use logto_poem::{middleware, routes};
    use poem::EndpointExt;
    use poem::test::TestClient;

    #[tokio::test]
    async fn they_end() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let logto = &running.fixture.logto;
        let sdk = routes(logto);
        let app = app().nest("/", sdk).with(middleware(logto));
        let client = TestClient::new(app);
        let request = client.get("/events").header("cookie", &running.fixture.cookie);
        let response = request.send().await;
        response.assert_status_is_ok();
        super::sign_alice_out(&running).await;
        assert!(response.0.into_body().into_vec().await.unwrap().is_empty());
        client.get("/events").send().await.assert_status(poem::http::StatusCode::UNAUTHORIZED);
    }
}

mod rocket_events {
    guide!("streams-4");

    use rocket::http::Status;
    use rocket::local::asynchronous::Client;

    #[tokio::test]
    async fn they_end() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let rocket = app().attach(logto_rocket::fairing(&running.fixture.logto));
        let client = Client::untracked(rocket).await.unwrap();
        let request =
            client.get("/events").header(Header::new("cookie", running.fixture.cookie.clone()));
        let response = request.dispatch().await;
        assert_eq!(response.status(), Status::Ok);
        super::sign_alice_out(&running).await;
        assert_eq!(response.into_string().await.unwrap_or_default(), "");
        assert_eq!(client.get("/events").dispatch().await.status(), Status::Unauthorized);
    }
}

mod socket {
    guide!("streams-5");

    #[tokio::test]
    async fn the_socket_closes_with_the_session() {
        let running = crate::running_app::RunningApp::serve(app).await;
        super::closes_with_the_session(&running, &running.base_url).await;
    }
}

mod actix_socket {
    guide!("streams-6");

    use actix_web::{App, HttpServer};
    use logto_actix_web::{middleware, routes as sdk_routes};

    #[actix_web::test]
    async fn the_socket_closes_with_the_session() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let logto = running.fixture.logto.clone();
        let app = move || {
            App::new().wrap(middleware(&logto)).configure(sdk_routes(&logto)).configure(sockets)
        };
        let server = HttpServer::new(app).workers(1).bind(("localhost", 0)).unwrap();
        let address = format!("http://localhost:{}", server.addrs()[0].port());
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        super::closes_with_the_session(&running, &address).await;
        handle.stop(false).await;
    }
}

mod poem_socket {
    guide!("streams-7");

    use logto_poem::{middleware, routes};
    use poem::listener::TcpAcceptor;
    use poem::{EndpointExt, Server};

    #[tokio::test]
    async fn the_socket_closes_with_the_session() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let logto = &running.fixture.logto;
        let app = app().nest("/", routes(logto)).with(middleware(logto));
        let listener = tokio::net::TcpListener::bind(("localhost", 0)).await.unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        super::closes_with_the_session(&running, &address).await;
    }
}

mod rocket_socket {
    guide!("streams-8");

    use rocket::config::{Config, Shutdown};
    use rocket::fairing::AdHoc;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn the_socket_closes_with_the_session() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let shutdown = Shutdown { ctrlc: false, ..Shutdown::default() };
        let config = Config { port: 0, shutdown, ..Config::debug_default() };
        let (tell, told) = oneshot::channel();
        let tell = std::sync::Mutex::new(Some(tell));
        let rocket = app().configure(config).attach(logto_rocket::fairing(&running.fixture.logto));
        let rocket = rocket.attach(AdHoc::on_liftoff("port", move |rocket| {
            let tell = tell.lock().unwrap().take().unwrap();
            tell.send(rocket.config().port).unwrap();
            Box::pin(async {})
        }));
        tokio::spawn(rocket.launch());
        let address = format!("http://127.0.0.1:{}", told.await.unwrap());
        super::closes_with_the_session(&running, &address).await;
    }
}

mod graphql {
    guide!("streams-9");

    use tokio::io::AsyncWriteExt;

    /// A text frame of a client, whose mask changes nothing.
    fn text(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
    }

    #[tokio::test]
    async fn a_subscription_ends_and_its_socket_with_it() {
        let running = crate::running_app::RunningApp::serve(app).await;
        super::is_for_users_of_the_app(&running, &running.base_url).await;
        let request = super::socket(&running.base_url).header("cookie", &running.fixture.cookie);
        let response = super::handshake(request, &running.base_url).send().await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "graphql-transport-ws");
        let mut socket = response.upgrade().await.unwrap();
        let subscribe =
            r#"{"type":"subscribe","id":"1","payload":{"query":"subscription{messages}"}}"#;
        for message in [r#"{"type":"connection_init"}"#, subscribe] {
            socket.write_all(&text(message)).await.unwrap();
        }
        let mut received = String::new();
        while !received.contains("hello, 8s8claa1vi9z") {
            let (_, payload) = super::frame(&mut socket).await;
            received.push_str(str::from_utf8(&payload).unwrap());
        }
        assert!(received.contains("connection_ack"), "{received}");
        super::sign_alice_out(&running).await;
        let mut after = String::new();
        let code = loop {
            match super::frame(&mut socket).await {
                (0x88, payload) => break u16::from_be_bytes([payload[0], payload[1]]),
                (_, payload) => after.push_str(str::from_utf8(&payload).unwrap()),
            }
        };
        assert_eq!(code, 4401, "{after}");
    }
}

mod grpc {
    guide!("streams-10");

    use logto_tower::Api;

    #[tokio::test]
    async fn a_stream_ends_with_its_token() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let api: Api = running.fixture.logto.api(crate::running_app::THINGS).unwrap();
        let claims = api.verify(&running.token().await).await.unwrap();
        let mut request = Request::new(());
        let waits = || stream::pending::<u8>();
        assert!(until_the_token_ends(&request, waits()).is_err());
        request.extensions_mut().insert(claims);
        tokio::time::pause();
        let stream = until_the_token_ends(&request, waits()).unwrap();
        let messages: Vec<_> = stream.collect().await;
        let [Err(last)] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(last.code(), tonic::Code::Unauthenticated);
    }
}

fn handshake(request: RequestBuilder, origin: &str) -> RequestBuilder {
    request
        .header("origin", origin)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

fn socket(address: &str) -> RequestBuilder {
    let request = reqwest::Client::new().get(format!("{address}/socket"));
    request.header("sec-websocket-protocol", "graphql-transport-ws")
}

/// A socket at `/socket` is for pages of the app and users who are signed in.
async fn is_for_users_of_the_app(running: &RunningApp, address: &str) {
    let alice = socket(address).header("cookie", &running.fixture.cookie);
    let elsewhere = handshake(alice, "https://evil.example").send().await.unwrap();
    assert_eq!(elsewhere.status(), 403);
    let stranger = handshake(socket(address), &running.base_url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

/// It is closed when alice signs out.
async fn closes_with_the_session(running: &RunningApp, address: &str) {
    is_for_users_of_the_app(running, address).await;
    let alice = socket(address).header("cookie", &running.fixture.cookie);
    let response = handshake(alice, &running.base_url).send().await.unwrap();
    assert_eq!(response.status(), 101);
    sign_alice_out(running).await;
    let (kind, payload) = frame(&mut response.upgrade().await.unwrap()).await;
    assert_eq!(kind, 0x88, "a close frame");
    assert_eq!(u16::from_be_bytes([payload[0], payload[1]]), 4401);
}

/// What a short frame of a server is, and what it holds.
async fn frame(socket: &mut Upgraded) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    socket.read_exact(&mut head).await.unwrap();
    let [kind, length] = head;
    assert!(length < 126, "{length}");
    let mut payload = vec![0; length.into()];
    socket.read_exact(&mut payload).await.unwrap();
    (kind, payload)
}
