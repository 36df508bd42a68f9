#![doc = include_str!("../README.md")]

mod extract;
mod middleware;
mod reply;
mod routes;

pub use extract::{Auth, MaybeUser, User};
pub use logto;
pub use logto::{DirectSignIn, Logto, LogtoConfig, SignInOptions, TokenRequest};
pub use middleware::middleware;
pub use reply::Reply;
pub use routes::routes;
