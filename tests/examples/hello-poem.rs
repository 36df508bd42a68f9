//! The ten lines of the README; `tests/readme.rs` compares and runs them.
#![cfg_attr(rustfmt, rustfmt::skip)]

use logto_poem::{Logto, User, middleware, routes};
use poem::{EndpointExt, Server, get, handler, listener::TcpListener};
#[handler]
fn hello(user: User) -> String { format!("Hello {}", user.name().unwrap_or("you")) }
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = Logto::from_env()?;
    let app = routes(&logto).at("/", get(hello)).with(middleware(&logto));
    Ok(Server::new(TcpListener::bind(("localhost", logto.port()))).run(app).await?)
}
