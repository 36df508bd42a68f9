#![doc = include_str!("../README.md")]

mod bearer;
mod caller;
mod catcher;
mod debug_log;
mod fairing;
mod guard;
mod reply;
mod request;
mod routes;

pub use bearer::{ApiFairing, Authorized, api_fairing};
pub use caller::Caller;
pub use fairing::{LogtoFairing, fairing};
pub use guard::{Auth, FreshUser, MaybeUser, User};
pub use logto;
pub use logto::resource_server::{AccessTokenClaims, AnyToken, Api, ApiConfig, Permission, Policy};
pub use logto::{DirectSignIn, Error, Logto, LogtoConfig, SignInOptions, TokenRequest};
pub use reply::Reply;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Auth, User, MaybeUser, FreshUser<60>)>();
    check::<(Authorized, Caller<AnyToken>)>();
    check::<(Reply, LogtoFairing, ApiFairing)>();
};
