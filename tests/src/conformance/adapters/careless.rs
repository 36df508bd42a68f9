//! axum again, with a fault on purpose: the suite has to notice.

use axum::middleware::map_response;
use axum::response::Response;
use tokio::net::TcpListener;

use super::axum::router;
use crate::conformance::{Adapter, Driver, Server, TestApp};

/// An adapter that forgets to send pending cookies with the app's errors.
#[must_use]
pub fn careless() -> Driver {
    Driver::of::<Careless>()
}

struct Careless;

impl Adapter for Careless {
    const NAME: &'static str = "careless";

    /// Passes, so this excuse is one too many.
    const EXCUSED: &'static [&'static str] = &["userinfo"];

    async fn serve(app: TestApp) -> Option<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = router(&app).layer(map_response(async |mut response: Response| {
            if response.status().is_client_error() {
                response.headers_mut().remove("set-cookie");
            }
            response
        }));
        Some(Server::spawn(address, async {
            axum::serve(listener, router).await.expect("axum serves");
        }))
    }
}
