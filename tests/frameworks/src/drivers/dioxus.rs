//! Dioxus.

use dioxus::prelude::*;
use dioxus::server::{DioxusRouterExt, FullstackState, ServeConfig};
use logto_tests::conformance::adapters::axum::{routes, with_logto};
use logto_tests::conformance::{Adapter, Server, TestApp};

#[derive(Debug)]
pub(super) struct Dioxus;

impl Adapter for Dioxus {
    const NAME: &'static str = "dioxus";

    async fn serve(app: TestApp) -> Option<Server> {
        let router = axum::Router::<FullstackState>::new()
            .merge(routes(&app))
            .serve_api_application(ServeConfig::new(), page);
        Some(super::serve(with_logto(&app, router)).await)
    }
}

/// What is not a route of the test app is not there.
fn page() -> Element {
    HttpError::not_found("not here")?
}
