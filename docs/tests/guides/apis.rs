//! Guides about APIs and programs.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use logto_axum::logto::m2m::{MachineApp, MachineConfig};
use logto_axum::{Api, Authorized, Reply, User};
use reqwest::Method;

use crate::running_app::{RunningApp, THINGS, answer};

mod programs {
    guide!("protect-an-api-1");
}

mod state {
    guide!("protect-an-api-3");
}

#[tokio::test]
async fn programs_need_a_token() {
    let running = RunningApp::serve(|logto| {
        let api = logto.api(THINGS).unwrap();
        let things = Router::new().route("/things", get(programs::things)).with_state(api.clone());
        things.merge(state::app(api))
    })
    .await;
    for (path, text) in [("/things", "The things of 8s8claa1vi9z"), ("/me", "8s8claa1vi9z")] {
        assert_eq!(answer(running.stranger(Method::GET, path)).await.status, 401);
        let request = running.stranger(Method::GET, path).bearer_auth(running.token().await);
        assert_eq!(answer(request).await.text, text);
    }
}

mod with_sign_in {
    guide!("protect-an-api-2");

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn pages_and_programs_read_things() {
        let running = RunningApp::serve(|logto| app(logto).unwrap()).await;
        assert_eq!(running.page("/things").await, "The things of 8s8claa1vi9z");
        assert_eq!(running.open("/api/things").await.status, 401, "a session is no token");
        let token = running.page("/token").await;
        let program = running.stranger(reqwest::Method::GET, "/api/things").bearer_auth(token);
        assert_eq!(answer(program).await.text, "The things of 8s8claa1vi9z");
    }
}

mod actix_api {
    guide!("protect-an-api-4");

    use actix_web::{App, test};

    #[actix_web::test]
    async fn a_token_is_needed() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let api = running.fixture.logto.api(crate::running_app::THINGS).unwrap();
        let app = test::init_service(App::new().configure(|config| configure(config, &api))).await;
        let request = test::TestRequest::get().uri("/me").to_request();
        assert_eq!(test::call_service(&app, request).await.status(), 401);
        let bearer = format!("Bearer {}", running.token().await);
        let request = test::TestRequest::get().uri("/me").insert_header(("authorization", bearer));
        let body = test::call_and_read_body(&app, request.to_request()).await;
        assert_eq!(body, "8s8claa1vi9z");
    }
}

mod poem_api {
    guide!("protect-an-api-5");

    use poem::http::StatusCode;
    use poem::test::TestClient;

    #[tokio::test]
    async fn a_token_is_needed() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let client =
            TestClient::new(app(running.fixture.logto.api(crate::running_app::THINGS).unwrap()));
        client.get("/me").send().await.assert_status(StatusCode::UNAUTHORIZED);
        let bearer = format!("Bearer {}", running.token().await);
        let response = client.get("/me").header("authorization", bearer).send().await;
        response.assert_text("8s8claa1vi9z").await;
    }
}

mod rocket_api {
    guide!("protect-an-api-6");

    use rocket::http::{Header, Status};
    use rocket::local::asynchronous::Client;

    #[tokio::test]
    async fn a_token_is_needed() {
        let running = crate::running_app::RunningApp::serve_routes(axum::Router::new()).await;
        let api = running.fixture.logto.api(crate::running_app::THINGS).unwrap();
        let client = Client::untracked(app(&api)).await.unwrap();
        assert_eq!(client.get("/me").dispatch().await.status(), Status::Unauthorized);
        let bearer = Header::new("authorization", format!("Bearer {}", running.token().await));
        let response = client.get("/me").header(bearer).dispatch().await;
        assert_eq!(response.into_string().await.unwrap(), "8s8claa1vi9z");
    }
}

mod metadata {
    guide!("protect-an-api-8");
}

mod machine {
    guide!("protect-an-api-9");
}

mod agents {
    guide!("agents-3");
}

mod actors {
    guide!("agents-4");
}

mod call_an_api {
    guide!("call-an-api-2");
}

mod context {
    guide!("call-an-api-3");
}

/// What a handler of a reader calls, called by a handler.
#[tokio::test]
async fn programs_call_the_next_api() {
    async fn exchange(State(app): State<MachineApp>, caller: Authorized) -> Result<String, Reply> {
        machine::for_the_caller(&app, &caller).await?;
        agents::prices_for(&app, &caller).await
    }
    async fn myself(State(app): State<MachineApp>) -> Result<String, Reply> {
        machine::as_myself(&app).await
    }
    async fn act(State(app): State<MachineApp>, support: User) -> Result<String, Reply> {
        actors::as_customer(&app, &support, "a subject token").await
    }
    #[derive(Clone)]
    struct Apps(Api, MachineApp);
    impl axum::extract::FromRef<Apps> for Api {
        fn from_ref(apps: &Apps) -> Self {
            apps.0.clone()
        }
    }
    impl axum::extract::FromRef<Apps> for MachineApp {
        fn from_ref(apps: &Apps) -> Self {
            apps.1.clone()
        }
    }

    let running = RunningApp::serve_at("", |fixture| {
        let machine = fixture.tenant.machine_app();
        let (id, secret) = (machine.app_id.as_str(), machine.app_secret.as_str());
        let config = MachineConfig::new(fixture.tenant.endpoint(), id, secret);
        let apps = Apps(fixture.logto.api(THINGS).unwrap(), MachineApp::new(config).unwrap());
        Router::new()
            .route("/exchange", get(exchange))
            .route("/myself", get(myself))
            .route("/act", get(act))
            .route("/tokens", get(call_an_api::tokens))
            .route("/overview", get(context::overview))
            .with_state(apps)
            .layer(logto_axum::layer(&fixture.logto))
            .merge(logto_axum::routes(&fixture.logto))
    })
    .await;
    // The local tenant has no API for prices, and that subject token it does not know: the answer
    // is that of a gateway.
    let request = running.stranger(Method::GET, "/exchange").bearer_auth(running.token().await);
    assert_eq!(answer(request).await.status, 502);
    assert_eq!(running.open("/myself").await.status, 502);
    assert_eq!(running.open("/act").await.status, 502);
    assert_eq!(running.open("/tokens").await.status, 200);
    assert_eq!(running.page("/overview").await, "1 organizations");
}

mod roles {
    guide!("roles-and-permissions-1");

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn an_editor_changes_things() {
        let running = RunningApp::serve(|logto| app(logto).unwrap()).await;
        assert_eq!(running.page("/things").await, "8s8claa1vi9z may change things");
        let post = || running.alice(reqwest::Method::POST, "/things");
        let elsewhere = post().header("origin", "https://evil.example");
        assert_eq!(answer(elsewhere).await.status, 403);
        assert_eq!(answer(post().header("origin", &running.base_url)).await.status, 200);
    }
}

mod button {
    guide!("roles-and-permissions-2");

    #[tokio::test]
    async fn a_button_is_shown_to_editors() {
        let page = async |user: User| may_write(&user).await.map(|may| may.to_string());
        let routes = axum::Router::new().route("/", axum::routing::get(page));
        assert_eq!(
            crate::running_app::RunningApp::serve_routes(routes).await.page("/").await,
            "true"
        );
    }
}
