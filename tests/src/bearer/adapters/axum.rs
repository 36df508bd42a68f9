//! The protected API in axum.

use axum::Router;
use axum::routing::{any, get};
use logto::Logto;
use logto::resource_server::{AnyToken, Api, Permission};
use logto_axum::{Authorized, Caller, metadata_routes};
use tokio::net::TcpListener;

use crate::bearer::permissions::*;
use crate::conformance::Server;

pub(super) async fn serve(api: Api) -> Server {
    run(router(api)).await
}

pub(super) async fn serve_app(logto: Logto, api: Api) -> Server {
    let router = Router::new()
        .route("/read", any(call::<Read>))
        .route("/read-and-write", any(call::<ReadAndWrite>))
        .route("/organizations/{organization}/things", any(call::<OfPath>))
        .layer(logto_axum::layer(&logto))
        .with_state(api);
    run(router).await
}

async fn run(router: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    Server::spawn(address, async {
        axum::serve(listener, router).await.expect("axum serves");
    })
}

fn router(api: Api) -> Router {
    Router::new()
        .route("/any", get(show::<AnyToken>))
        .route("/read", get(show::<Read>))
        .route("/read-and-write", get(show::<ReadAndWrite>))
        .route("/read-or-write", get(show::<ReadOrWrite>))
        .route("/organizations/{organization}/things", get(show::<OfPath>))
        .route("/organizations/{organization}/members", get(show::<Members>))
        .route("/of-header", get(show::<OfHeader>))
        .route("/of-some", get(show::<OfSome>))
        .route("/of-none", get(show::<OfNone>))
        .route("/machines", get(show::<Machines>))
        .route("/users", get(show::<Users>))
        .route("/misplaced/{organization}", get(show::<Misplaced>))
        .merge(metadata_routes(&api))
        .with_state(api)
}

async fn show<P: Permission>(token: Authorized<P>) -> String {
    page(&token)
}

async fn call<P: Permission>(caller: Caller<P>) -> String {
    page(&caller)
}
