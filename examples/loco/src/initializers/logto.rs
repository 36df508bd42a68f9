//! Sign-in with Logto.

use async_trait::async_trait;
use axum::middleware::from_fn;
use axum::{Extension, Router};
use loco_rs::app::{AppContext, Initializer};
use loco_rs::{Error, Result};
use logto_axum::{Logto, LogtoConfig};

/// The API identifier in Logto.
const RESOURCE: &str = "https://api.example.test";
/// The permission to read things.
pub const READ: &str = "read:things";

/// Adds the SDK to the router.
#[derive(Debug)]
pub struct LogtoInitializer;

#[async_trait]
impl Initializer for LogtoInitializer {
    fn name(&self) -> String {
        "logto".to_owned()
    }

    async fn after_routes(&self, router: Router, _ctx: &AppContext) -> Result<Router> {
        let config = LogtoConfig::from_env().map_err(Error::wrap)?;
        let config = config.with_scopes([READ]).with_resources([RESOURCE]);
        let logto = Logto::new(config).map_err(Error::wrap)?;
        let api = logto.api(RESOURCE).map_err(Error::wrap)?;
        Ok(router
            .layer(Extension(api))
            .layer(from_fn(logto_axum::own_pages_only))
            .layer(logto_axum::layer(&logto))
            .merge(logto_axum::routes(&logto)))
    }
}
