#![doc = include_str!("../README.md")]

mod bearer;
mod caller;
mod extract;
mod middleware;
mod reply;
mod routes;

pub use bearer::{Authorized, AuthorizedFuture, metadata_routes};
pub use caller::Caller;
pub use extract::{Auth, FreshUser, MaybeUser, User};
pub use logto;
pub use logto::resource_server::{AccessTokenClaims, AnyToken, Api, ApiConfig, Permission, Policy};
pub use logto::{DirectSignIn, Error, Logto, LogtoConfig, SignInOptions, TokenRequest};
pub use middleware::middleware;
pub use reply::Reply;
pub use routes::routes;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Auth, User, MaybeUser, FreshUser<60>)>();
    check::<(Authorized, Caller<AnyToken>)>();
    check::<Reply>();
};
