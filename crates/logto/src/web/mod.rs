//! The seam between the core and a web framework.
//!
//! An adapter turns its framework's request into a [`Request`] of strings, gives its extractors the
//! [`Context`] of that request, serves [`Route::ALL`], and appends the cookies of
//! [`Context::take_cookies`] to every response. Which response a request gets is decided here, once
//! for all frameworks.
//!
//! # Example
//!
//! Without any framework:
//!
//! ```
//! use logto::Logto;
//! use logto::web::{Reply, Request, Route};
//!
//! async fn sign_in(logto: &Logto) -> Reply {
//!     let target = "/sign-in?return_to=%2Fprofile";
//!     let request = Request::new("GET", target, [("accept", "text/html")]);
//!     logto.handle(Route::SignIn, request).await
//! }
//! ```

mod account;
mod back_channel;
mod caching;
mod callback;
mod caller;
mod connector_token;
mod context;
mod errors;
mod frame;
mod fresh_user;
mod languages;
mod leave;
mod navigation;
mod organization;
mod page;
mod request;
mod return_to;
mod routes;
mod sender;
mod sessions;
mod sign_in;
mod sign_out;
mod silent;
mod snapshot;
mod tokens;
mod unread_body;
mod user;
mod webhooks;

pub use account::{
    Account, AccountPage, AccountProfile, AccountUpdate, LogtoGrant, LogtoSession, ProfileDetails,
    RevokeGrants, SentCode, Verification,
};
pub use caching::Caching;
pub use caller::Caller;
pub use connector_token::{Connector, ConnectorAccess, ConnectorToken};
pub use context::Context;
pub use request::Request;
pub use snapshot::{ContextRequest, LogtoContext};
pub use unread_body::{KeptBody, UnreadBody, discard_body};
pub use user::User;

pub use crate::flow::SessionEnded;
pub use crate::maybe_ready::MaybeReady;
pub use crate::reply::Reply;
pub use crate::route::Route;
pub use crate::session::SessionState;
