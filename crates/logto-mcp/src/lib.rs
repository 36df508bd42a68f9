#![doc = include_str!("../README.md")]

mod access;
mod caller;
mod ending;
mod error;
mod handler;
mod mcp;
mod operation;
mod reply;
mod service;
mod sessions;
mod table;

pub use caller::Caller;
pub use error::Error;
pub use handler::Restricted;
pub use logto;
pub use logto::resource_server::{AccessTokenClaims, Api, ApiConfig, Policy};
pub use mcp::Mcp;
pub use service::McpService;
