#![doc = include_str!("../README.md")]

mod extract;
mod layer;
mod reply;
mod routes;

pub use extract::{Auth, MaybeUser, User};
pub use layer::{LogtoLayer, LogtoService, layer};
pub use logto;
pub use logto::{DirectSignIn, Logto, LogtoConfig, SignInOptions, TokenRequest};
pub use reply::Reply;
pub use routes::routes;
