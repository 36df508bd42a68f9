//! Loco. Its default middleware is around the test app, and the SDK around both.

use async_trait::async_trait;
use axum::Router;
use loco_rs::app::{AppContext, Hooks};
use loco_rs::bgworker::Queue;
use loco_rs::boot::{BootResult, StartMode, create_app, create_context};
use loco_rs::config::Config;
use loco_rs::controller::AppRoutes;
use loco_rs::environment::Environment;
use loco_rs::task::Tasks;
use logto_tests::conformance::adapters::axum::{routes, with_logto};
use logto_tests::conformance::{Adapter, Server, TestApp};
use serde_json::json;

#[derive(Debug)]
pub(super) struct Loco;

impl Adapter for Loco {
    const NAME: &'static str = "loco";

    async fn serve(app: TestApp) -> Option<Server> {
        let router = AppRoutes::empty().to_router::<App>(context().await, routes(&app));
        let router: Router = router.expect("the middleware is applied");
        Some(super::serve(with_logto(&app, router)).await)
    }
}

struct App;

#[async_trait]
impl Hooks for App {
    fn app_name() -> &'static str {
        "conformance"
    }

    async fn boot(
        mode: StartMode,
        environment: &Environment,
        config: Config,
    ) -> loco_rs::Result<BootResult> {
        create_app::<Self>(mode, environment, config).await
    }

    fn routes(_ctx: &AppContext) -> AppRoutes {
        AppRoutes::empty()
    }

    async fn connect_workers(_ctx: &AppContext, _queue: &Queue) -> loco_rs::Result<()> {
        Ok(())
    }

    fn register_tasks(_tasks: &mut Tasks) {}
}

async fn context() -> AppContext {
    let config: Config = serde_json::from_value(json!({
        "logger": { "enable": false, "level": "off", "format": "compact" },
        "server": { "port": 0, "host": "http://localhost" },
        "workers": { "mode": "ForegroundBlocking" },
    }))
    .expect("a configuration");
    create_context::<App>(&Environment::Production, config).await.expect("a context")
}
