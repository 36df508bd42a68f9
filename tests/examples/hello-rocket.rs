//! The ten lines of the README; `tests/readme.rs` compares and runs them.
#![allow(clippy::panic, clippy::needless_pass_by_value)]
#![cfg_attr(rustfmt, rustfmt::skip)]

use logto_rocket::{Logto, User, fairing};
use rocket::{Config, get, launch, routes};
#[get("/")]
fn hello(user: User) -> String { format!("Hello {}", user.name().unwrap_or("you")) }
#[launch]
fn rocket() -> _ {
    let logto = Logto::from_env().unwrap_or_else(|problems| panic!("{problems}"));
    rocket::custom(Config::figment().merge(("port", logto.port())))
        .attach(fairing(&logto)).mount("/", routes![hello])
}
