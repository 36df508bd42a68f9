//! The ten lines of the README; `tests/readme.rs` compares and runs them.
#![cfg_attr(rustfmt, rustfmt::skip)]

use logto_rocket::{Logto, User, fairing};
use rocket::{Config, get, routes};
#[get("/")]
fn hello(user: User) -> String { format!("Hello {}", user.name().unwrap_or("you")) }
#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = Logto::from_env()?;
    let app = rocket::custom(Config::figment().merge(("port", logto.port())));
    Ok(app.attach(fairing(&logto)).mount("/", routes![hello]).launch().await.map(drop)?)
}
