//! Tokens for programs: without a user, or for a user who already proved who they are.
//!
//! A [`MachineApp`] is an application of the tenant that has a secret. It gets tokens for itself
//! (`client_credentials`) and exchanges one token for another (RFC 8693): a personal access token
//! for an access token, or the token that came with a request for one to another API.

mod app;
mod cache;
mod config;
mod introspection;
mod request;
mod token;

pub use app::MachineApp;
pub use config::MachineConfig;
pub use introspection::Introspection;
pub use request::SubjectToken;
