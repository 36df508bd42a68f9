//! The ten lines of the README; `tests/readme.rs` compares and runs them.
#![cfg_attr(rustfmt, rustfmt::skip)]

use actix_web::{App, HttpServer, web::get};
use logto_actix_web::{Logto, User, middleware, routes};
#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = Logto::from_env()?;
    let port = logto.port();
    let app = move || App::new().wrap(middleware(&logto)).configure(routes(&logto)).route("/",
        get().to(async |user: User| format!("Hello {}", user.name().unwrap_or("you"))));
    Ok(HttpServer::new(app).bind(("localhost", port))?.run().await?)
}
