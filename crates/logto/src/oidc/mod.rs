//! The OpenID Connect protocol: discovery, keys, token verification, claims, and the requests that
//! `openidconnect` makes. Nothing here knows of sessions or web requests.

pub(crate) mod claims;
pub(crate) mod jwt;
mod protocol;
pub(crate) mod provider;
mod target;
mod token_response;

pub(crate) use protocol::{AuthorizationRequest, Protocol};
pub(crate) use target::Target;
pub use target::TokenRequest;
pub(crate) use token_response::Tokens;
