//! The OpenID Connect protocol: discovery, keys, token verification, claims, and the requests that
//! `openidconnect` makes. Nothing here knows of sessions or web requests.

pub(crate) mod claims;
pub(crate) mod jwt;
mod protocol;
pub(crate) mod provider;
mod token_request;
mod token_response;

pub(crate) use protocol::{AuthorizationRequest, Protocol};
pub(crate) use token_request::Target;
pub use token_request::TokenRequest;
pub(crate) use token_response::Tokens;
