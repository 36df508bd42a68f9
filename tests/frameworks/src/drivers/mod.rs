//! The test app of the conformance suite below the router of each framework.

mod dioxus;
mod leptos;
mod loco;

use logto_tests::conformance::Driver;

/// Leptos.
#[must_use]
pub fn leptos() -> Driver {
    Driver::of::<leptos::Leptos>()
}

/// Dioxus.
#[must_use]
pub fn dioxus() -> Driver {
    Driver::of::<dioxus::Dioxus>()
}

/// Loco, with its default middleware.
#[must_use]
pub fn loco() -> Driver {
    Driver::of::<loco::Loco>()
}

/// Serves a router.
async fn serve(router: axum::Router) -> logto_tests::conformance::Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    logto_tests::conformance::Server::spawn(address, async {
        axum::serve(listener, router).await.expect("axum serves");
    })
}
