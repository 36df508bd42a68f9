//! APIs behind access tokens: ours, and by other crates in the axum that each is for.

use std::hint::black_box;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use axum_of_jwt_authorizer as older_axum;
use jwt_authorizer::{
    Authorizer, AuthorizerBuilder, IntoLayer, JwtAuthorizer, JwtClaims, RegisteredClaims,
    Validation,
};
use logto::resource_server::Api;
use logto_axum::Authorized;
use tower::Service;
use tower_oauth2_resource_server::claims::DefaultClaims;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;

use super::axum::{App, send, service};
use crate::fixture::API;

/// Something that lets requests with a good token in.
pub trait ProtectedRoute {
    /// The status of the answer.
    async fn ask(&mut self, bearer: &HeaderValue) -> u16;
}

impl ProtectedRoute for App {
    async fn ask(&mut self, bearer: &HeaderValue) -> u16 {
        let response = send(self, AUTHORIZATION, bearer).await;
        response.status().as_u16()
    }
}

impl ProtectedRoute for older_axum::Router {
    async fn ask(&mut self, bearer: &HeaderValue) -> u16 {
        let request = older_axum::http::Request::get("/").header(AUTHORIZATION, bearer);
        let request = request.body(older_axum::body::Body::empty());
        let response = self.call(request.expect("a request")).await;
        response.expect("an answer").status().as_u16()
    }
}

pub fn logto(api: &Api) -> App {
    let page = async |token: Authorized| {
        black_box(token.sub());
        "hello"
    };
    let router = Router::new().route("/", get(page));
    router.with_state(api.clone()).into_service()
}

pub async fn tower_oauth2(issuer: &str) -> App {
    let tenant = TenantConfiguration::builder(issuer).audiences(&[API]).build();
    let server = OAuth2ResourceServer::<DefaultClaims>::builder()
        .add_tenant(tenant.await.expect("a valid configuration"))
        .build();
    let server = server.await.expect("a valid configuration");
    let page = async |claims: axum::Extension<DefaultClaims>| {
        black_box(&claims.sub);
        "hello"
    };
    let router = Router::new().route("/", get(page));
    service(router.layer(server.into_layer()))
}

pub async fn jwt_authorizer(issuer: &str) -> older_axum::Router {
    let validation = Validation::new().iss(&[issuer]).aud(&[API]);
    let builder: AuthorizerBuilder<RegisteredClaims> = JwtAuthorizer::from_oidc(issuer);
    let authorizer: Authorizer = builder.validation(validation).build().await.expect("keys");
    let page = |JwtClaims(claims): JwtClaims<RegisteredClaims>| async move {
        black_box(claims.sub);
        "hello"
    };
    let router = older_axum::Router::new().route("/", older_axum::routing::get(page));
    router.layer(authorizer.into_layer()).with_state(())
}

pub fn older_hello() -> older_axum::Router {
    let page = older_axum::routing::get(|| async { "hello" });
    older_axum::Router::new().route("/", page).with_state(())
}

/// Waits until the route has its keys: one of them fetches them in the background.
pub async fn opened<D: ProtectedRoute>(mut route: D, bearer: &HeaderValue) -> D {
    while route.ask(bearer).await != 200 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    route
}
