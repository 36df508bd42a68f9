//! The protected API in axum.

use axum::Router;
use axum::routing::get;
use logto::api::{AnyToken, Api, Permission};
use logto_axum::{AccessToken, metadata_routes};
use tokio::net::TcpListener;

use crate::bearer::permissions::*;
use crate::conformance::Server;

pub(super) async fn serve(api: Api) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = router(api);
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
        .route(
            "/organizations/{organization}/members",
            get(show::<Members>),
        )
        .route("/of-header", get(show::<OfHeader>))
        .route("/of-some", get(show::<OfSome>))
        .route("/of-none", get(show::<OfNone>))
        .route("/machines", get(show::<Machines>))
        .route("/users", get(show::<Users>))
        .route("/misplaced/{organization}", get(show::<Misplaced>))
        .merge(metadata_routes(&api))
        .with_state(api)
}

async fn show<P: Permission>(token: AccessToken<P>) -> String {
    page(&token)
}
