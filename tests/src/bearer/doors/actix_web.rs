//! The protected API in Actix Web.

use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{App, HttpServer};
use logto::api::{AnyToken, Api, Permission};
use logto_actix_web::{AccessToken, metadata_routes};

use crate::bearer::permissions::*;
use crate::conformance::Server;

pub(super) async fn serve(api: Api) -> Server {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(api.clone()))
            .configure(pages)
            .configure(metadata_routes(&api))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(0);
    let server = server.bind("127.0.0.1:0").expect("a port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Server::new(address, move || {
        // The command is sent at once; nobody waits for the answer.
        drop(handle.stop(false));
    })
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/any", get().to(show::<AnyToken>))
        .route("/read", get().to(show::<Read>))
        .route("/read-and-write", get().to(show::<ReadAndWrite>))
        .route("/read-or-write", get().to(show::<ReadOrWrite>))
        .route(
            "/organizations/{organization}/things",
            get().to(show::<OfPath>),
        )
        .route(
            "/organizations/{organization}/members",
            get().to(show::<Members>),
        )
        .route("/of-header", get().to(show::<OfHeader>))
        .route("/of-some", get().to(show::<OfSome>))
        .route("/of-none", get().to(show::<OfNone>))
        .route("/machines", get().to(show::<Machines>))
        .route("/users", get().to(show::<Users>))
        .route("/misplaced/{organization}", get().to(show::<Misplaced>));
}

async fn show<P: Permission>(token: AccessToken<P>) -> String {
    page(&token)
}
