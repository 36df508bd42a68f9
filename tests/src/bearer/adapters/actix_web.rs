//! The protected API in Actix Web.

use actix_web::web::{Data, ServiceConfig, get, to};
use actix_web::{App, HttpServer};
use logto::Logto;
use logto::resource_server::{AnyToken, Api, Permission};
use logto_actix_web::{Authorized, Caller, metadata_routes};

use crate::bearer::permissions::*;
use crate::conformance::Server;

/// A macro, because no one wants to write down the type of the server.
macro_rules! run {
    ($server:ident) => {{
        let server = $server.workers(1).disable_signals().shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").expect("a port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Server::new(address, move || {
            // The command is sent at once; no one waits for the answer.
            drop(handle.stop(false));
        })
    }};
}

pub(super) async fn serve(api: Api) -> Server {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(api.clone()))
            .configure(pages)
            .configure(metadata_routes(&api))
    });
    run!(server)
}

pub(super) async fn serve_app(logto: Logto, api: Api) -> Server {
    let server = HttpServer::new(move || {
        App::new()
            .wrap(logto_actix_web::middleware(&logto))
            .app_data(Data::new(api.clone()))
            .route("/read", to(call::<Read>))
            .route("/read-and-write", to(call::<ReadAndWrite>))
            .route("/organizations/{organization}/things", to(call::<OfPath>))
    });
    run!(server)
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/any", get().to(show::<AnyToken>))
        .route("/read", get().to(show::<Read>))
        .route("/read-and-write", get().to(show::<ReadAndWrite>))
        .route("/read-or-write", get().to(show::<ReadOrWrite>))
        .route("/organizations/{organization}/things", get().to(show::<OfPath>))
        .route("/organizations/{organization}/members", get().to(show::<Members>))
        .route("/of-header", get().to(show::<OfHeader>))
        .route("/of-some", get().to(show::<OfSome>))
        .route("/of-none", get().to(show::<OfNone>))
        .route("/machines", get().to(show::<Machines>))
        .route("/users", get().to(show::<Users>))
        .route("/misplaced/{organization}", get().to(show::<Misplaced>));
}

async fn show<P: Permission>(token: Authorized<P>) -> String {
    page(&token)
}

async fn call<P: Permission>(caller: Caller<P>) -> String {
    page(&caller)
}
