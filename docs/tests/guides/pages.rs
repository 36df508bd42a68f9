//! Guides about pages.

mod protect_a_page {
    guide!("protect-a-page-1");

    #[tokio::test]
    async fn only_users_read_reports() {
        let running = crate::running_app::RunningApp::serve(app).await;
        assert_eq!(running.page("/reports").await, "Reports for Alice Example");
        running.needs_sign_in("/reports").await;
    }
}

mod pages_for_everyone {
    guide!("protect-a-page-2");

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn visitors_are_signed_in_silently() {
        let routes = axum::Router::new().route("/", axum::routing::get(home));
        let running = RunningApp::serve_routes(routes).await;
        assert_eq!(running.page("/").await, "Welcome back");
        let first = answer(running.stranger(reqwest::Method::GET, "/")).await;
        assert!(first.location.contains("prompt=none"), "{}", first.location);
    }
}

mod get_the_user {
    guide!("get-the-user-1");
    guide!("get-the-user-2");

    use crate::running_app::{RunningApp, answer};
    use axum::routing::get;

    #[tokio::test]
    async fn the_profile_is_read() {
        let routes = axum::Router::new()
            .route("/", get(home))
            .route("/roles", get(roles))
            .route("/plan", get(async |user: User| plan(&user).unwrap_or("none".to_owned())))
            .route("/hugging-face", get(hugging_face));
        let running = RunningApp::serve_routes(routes).await;
        assert_eq!(running.page("/").await, "Hello Alice Example");
        let stranger = answer(running.stranger(reqwest::Method::GET, "/")).await;
        assert_eq!(stranger.text, "Hello stranger");
        assert!(running.page("/roles").await.ends_with("admin: true"));
        assert_eq!(running.page("/plan").await, "none");
        assert_eq!(running.page("/hugging-face").await, "alice-hf");
    }
}

mod existing_app {
    guide!("existing-app-1");

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn the_apps_state_errors_and_cors_stay() {
        let state = AppState { greeting: "Good evening" };
        let running = RunningApp::serve(|logto| app(logto, state)).await;
        assert_eq!(running.page("/price").await, "Good evening, 8s8claa1vi9z: 3");
        // The end of the session at Logto: `?` knows the answer.
        running.fixture.end_access_token();
        running.fixture.tenant.revoke_grants("alice").unwrap();
        assert_eq!(running.open("/price").await.status, 303);
        running.needs_sign_in("/price").await;
        let preflight = running
            .stranger(reqwest::Method::OPTIONS, "/price")
            .header("origin", "https://other.example.com")
            .header("access-control-request-method", "GET");
        let response = preflight.send().await.unwrap();
        let allowed = response.headers().get("access-control-allow-origin");
        assert_eq!(allowed.unwrap(), "https://other.example.com");
        let unknown = answer(running.stranger(reqwest::Method::GET, "/unknown")).await;
        assert_eq!(unknown.status, 404);
    }
}

mod htmx_turbo_spa {
    guide!("htmx-turbo-spa-1");

    use crate::running_app::RunningApp;

    #[tokio::test]
    async fn a_single_page_app_asks_who_is_there() {
        let running = RunningApp::serve(app).await;
        let me: serde_json::Value = serde_json::from_str(&running.page("/api/me").await).unwrap();
        assert_eq!(me["name"], "Alice Example");
        let script = running.stranger(reqwest::Method::GET, "/api/me").header("accept", "*/*");
        let script = script.header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty");
        let refused = script.send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert!(refused.text().await.unwrap().contains("sign_in_url"));
    }
}
