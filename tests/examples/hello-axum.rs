//! The ten lines of the README; `tests/readme.rs` compares and runs them.
#![cfg_attr(rustfmt, rustfmt::skip)]

use axum::{Router, routing::get};
use logto_axum::{Logto, User};
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = Logto::from_env()?;
    let hello = async |user: User| format!("Hello {}", user.name().unwrap_or("you"));
    let app = Router::new().route("/", get(hello)).layer(logto_axum::layer(&logto));
    let listener = tokio::net::TcpListener::bind(("localhost", logto.port())).await?;
    Ok(axum::serve(listener, app.merge(logto_axum::routes(&logto))).await?)
}
