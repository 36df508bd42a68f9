#![doc = include_str!("../README.md")]

mod access_token;
pub mod api;
mod claims;
mod client;
mod clock;
mod config;
mod cookies;
mod encoding;
mod engine;
mod error;
mod flow;
mod http;
mod jwt;
mod keeper;
mod local_path;
pub mod machine;
mod network;
mod provider;
mod recent;
mod refresh;
mod seal;
mod session;
pub mod storage;
mod text;
pub mod web;

pub use access_token::AccessToken;
pub use claims::{
    Claims, HuggingFaceOrganization, HuggingFaceProfile, IdTokenClaims, Identity, OrganizationData,
    UserInfo,
};
pub use client::Logto;
pub use clock::Clock;
pub use config::{ConfigError, ConfigProblem, LogtoConfig, Prompt};
pub use error::{Error, ErrorKind, ErrorResponse};
pub use flow::{DirectSignIn, FirstScreen, Identifier, InteractionMode, SignInOptions};
pub use keeper::SessionInfo;
pub use network::is_loopback;
pub use session::TokenRequest;
