//! The guide about streams: each ends with the session.

use crate::site::Site;

/// What ends the streams.
async fn sign_alice_out(site: &Site) {
    site.stage.logto.sign_out_everywhere("8s8claa1vi9z").await.unwrap();
}

mod axum_events {
    guide!("streams-1");

    #[tokio::test]
    async fn the_last_event_says_why() {
        let site = crate::site::Site::serve(app).await;
        site.needs_sign_in("/events").await;
        let events = site.alice(reqwest::Method::GET, "/events").send().await.unwrap();
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        super::sign_alice_out(&site).await;
        assert!(events.text().await.unwrap().contains("event: signed-out"));
    }
}

mod actix_events {
    guide!("streams-2");

    use actix_web::{App, test};
    use logto_actix_web::{middleware, routes as sdk_routes};

    #[actix_web::test]
    async fn they_end() {
        let site = crate::site::Site::serve_routes(axum::Router::new()).await;
        let logto = &site.stage.logto;
        let app = App::new().wrap(middleware(logto)).configure(sdk_routes(logto)).configure(routes);
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/events");
        let request = request.insert_header(("cookie", site.stage.cookie.as_str()));
        let response = test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 200);
        super::sign_alice_out(&site).await;
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
        let site = crate::site::Site::serve_routes(axum::Router::new()).await;
        let logto = &site.stage.logto;
        let sdk = routes(logto);
        let app = app().nest("/", sdk).with(middleware(logto));
        let client = TestClient::new(app);
        let request = client.get("/events").header("cookie", &site.stage.cookie);
        let response = request.send().await;
        response.assert_status_is_ok();
        super::sign_alice_out(&site).await;
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
        let site = crate::site::Site::serve_routes(axum::Router::new()).await;
        let rocket = app().attach(logto_rocket::fairing(&site.stage.logto));
        let client = Client::untracked(rocket).await.unwrap();
        let request =
            client.get("/events").header(Header::new("cookie", site.stage.cookie.clone()));
        let response = request.dispatch().await;
        assert_eq!(response.status(), Status::Ok);
        super::sign_alice_out(&site).await;
        assert_eq!(response.into_string().await.unwrap_or_default(), "");
        assert_eq!(client.get("/events").dispatch().await.status(), Status::Unauthorized);
    }
}

mod socket {
    guide!("streams-5");

    use reqwest::{Method, RequestBuilder};
    use tokio::io::AsyncReadExt;

    fn handshake(request: RequestBuilder, origin: &str) -> RequestBuilder {
        request
            .header("origin", origin)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    #[tokio::test]
    async fn it_is_closed() {
        let site = crate::site::Site::serve(app).await;
        let elsewhere = handshake(site.alice(Method::GET, "/socket"), "https://evil.example");
        assert_eq!(elsewhere.send().await.unwrap().status(), 403);
        let stranger = handshake(site.stranger(Method::GET, "/socket"), &site.base_url);
        assert_eq!(stranger.send().await.unwrap().status(), 401);
        let alice = handshake(site.alice(Method::GET, "/socket"), &site.base_url);
        let response = alice.send().await.unwrap();
        assert_eq!(response.status(), 101);
        super::sign_alice_out(&site).await;
        let mut frame = [0; 4];
        response.upgrade().await.unwrap().read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[0], 0x88, "a close frame");
        assert_eq!(u16::from_be_bytes([frame[2], frame[3]]), 4401);
    }
}
