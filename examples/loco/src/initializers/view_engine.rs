//! The templates, as `loco new` sets them up.

use async_trait::async_trait;
use axum::{Extension, Router};
use loco_rs::Result;
use loco_rs::app::{AppContext, Initializer};
use loco_rs::controller::views::ViewEngine;
use loco_rs::controller::views::engines::TeraView;

/// Adds the templates in `assets/views`.
#[derive(Debug)]
pub struct ViewEngineInitializer;

#[async_trait]
impl Initializer for ViewEngineInitializer {
    fn name(&self) -> String {
        "view-engine".to_owned()
    }

    async fn after_routes(&self, router: Router, _ctx: &AppContext) -> Result<Router> {
        Ok(router.layer(Extension(ViewEngine::from(TeraView::build()?))))
    }
}
