//! Guides about running an app.

mod below_a_path {
    guide!("behind-a-proxy-2");

    use crate::running_app::{RunningApp, answer};
    use axum::routing::get;
    use logto_axum::User;

    #[tokio::test]
    async fn everything_is_below_the_path() {
        let page = async |user: User| user.name().unwrap_or("?").to_owned();
        let home = async || "Welcome";
        let shop = Router::new().route("/", get(home)).route("/cart", get(page));
        let running = RunningApp::serve_at("/shop", |fixture| app(&fixture.logto, shop)).await;
        assert_eq!(running.page("/cart").await, "Alice Example");
        // The base URL as the guide tells to write it.
        assert_eq!(running.page("").await, "Welcome");
        assert_eq!(running.open("/").await.status, 404);
        let stranger = answer(running.stranger(reqwest::Method::GET, "/cart")).await;
        assert_eq!(stranger.location, "/shop/sign-in?return_to=%2Fshop%2Fcart");
    }
}

mod stopping {
    guide!("behind-a-proxy-4");

    use crate::running_app::RunningApp;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn the_server_ends_when_it_is_told_to() {
        let logto = RunningApp::serve_routes(Router::new()).await.fixture.logto;
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { stopped.await.unwrap_or_default() };
        let server = tokio::spawn(serve(listener, Router::new(), logto, stopped));
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}

mod health {
    guide!("deploy-2");

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn an_instance_says_how_it_is() {
        let running = RunningApp::serve(health).await;
        for path in ["/alive", "/ready"] {
            let answer = answer(running.stranger(reqwest::Method::GET, path)).await;
            assert_eq!(answer.status, 204, "{path}");
        }
    }
}

mod observability {
    guide!("observability-1");

    #[tokio::test]
    async fn requests_are_traced() {
        let running = crate::running_app::RunningApp::serve(|logto| {
            traced(Router::new().merge(logto_axum::routes(logto)))
        })
        .await;
        let answer = running.open("/sign-in").await;
        assert_eq!(answer.status, 303);
    }
}
