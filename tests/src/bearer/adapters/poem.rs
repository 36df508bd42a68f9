//! The protected API in poem.

use logto::Logto;
use logto::resource_server::{AnyToken, Api, Permission};
use logto_poem::{Authorized, Caller, metadata_routes};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Endpoint, EndpointExt, Route, Server as Poem, get, handler};

use crate::bearer::permissions::*;
use crate::conformance::Server;

pub(super) async fn serve(api: Api) -> Server {
    run(endpoint(api)).await
}

pub(super) async fn serve_app(logto: Logto, api: Api) -> Server {
    let app = Route::new()
        .at("/read", call::<Read>::default())
        .at("/read-and-write", call::<ReadAndWrite>::default())
        .at("/organizations/:organization/things", call::<OfPath>::default())
        .with(logto_poem::middleware(&logto))
        .data(api);
    run(app).await
}

async fn run(endpoint: impl Endpoint + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0");
    let acceptor = listener.into_acceptor().await.expect("a port");
    let address = acceptor.local_addr();
    let address = address.iter().find_map(|address| address.as_socket_addr());
    let address = *address.expect("an address");
    Server::spawn(address, async {
        let server = Poem::new_with_acceptor(acceptor);
        server.run(endpoint).await.expect("poem serves");
    })
}

fn endpoint(api: Api) -> impl Endpoint {
    let pages = Route::new()
        .at("/any", get(show::<AnyToken>::default()))
        .at("/read", get(show::<Read>::default()))
        .at("/read-and-write", get(show::<ReadAndWrite>::default()))
        .at("/read-or-write", get(show::<ReadOrWrite>::default()))
        .at("/organizations/:organization/things", get(show::<OfPath>::default()))
        .at("/organizations/:organization/members", get(show::<Members>::default()))
        .at("/of-header", get(show::<OfHeader>::default()))
        .at("/of-some", get(show::<OfSome>::default()))
        .at("/of-none", get(show::<OfNone>::default()))
        .at("/machines", get(show::<Machines>::default()))
        .at("/users", get(show::<Users>::default()))
        .at("/misplaced/:organization", get(show::<Misplaced>::default()));
    metadata_routes(&api).nest("/", pages).data(api)
}

#[handler]
async fn show<P: Permission>(token: Authorized<P>) -> String {
    page(&token)
}

#[handler]
async fn call<P: Permission>(caller: Caller<P>) -> String {
    page(&caller)
}
