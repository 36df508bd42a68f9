#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod caller;
mod ending;
mod error;
mod guard;
mod handler;
mod mcp;
mod operation;
mod origins;
#[cfg(feature = "poem")]
mod poem;
mod reply;
mod service;
mod sessions;
mod table;

pub use caller::Caller;
pub use error::Error;
pub use logto;
pub use logto::resource_server::{AccessTokenClaims, Api, ApiConfig, Policy};
pub use mcp::Mcp;
#[cfg(feature = "poem")]
pub use poem::McpEndpoint;
pub use service::McpService;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Caller, Mcp, Error)>();
};
