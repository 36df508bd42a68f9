#![doc = include_str!("../README.md")]

mod catcher;
mod fairing;
mod guard;
mod reply;
mod request;
mod routes;

pub use fairing::{LogtoFairing, fairing};
pub use guard::{Auth, MaybeUser, User};
pub use logto;
pub use logto::{DirectSignIn, Logto, LogtoConfig, SignInOptions, TokenRequest};
pub use reply::Reply;
