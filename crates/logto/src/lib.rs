#![doc = include_str!("../README.md")]

mod access_token;
mod cache;
mod client;
mod clock;
mod config;
mod cookies;
mod crypto;
mod error;
mod flow;
mod http;
mod local_path;
mod log_limit;
pub mod m2m;
mod maybe_ready;
mod metrics;
mod oidc;
mod reply;
pub mod resource_server;
mod route;
mod session;
mod single_flight;
mod span;
pub mod storage;
mod tasks;
pub mod web;
pub mod webhooks;

pub use access_token::AccessToken;
pub use client::Logto;
pub use clock::Clock;
pub use config::{
    ConfigError, ConfigProblem, LogtoConfig, PageAction, PageActionKind, PageContent, Prompt,
};
pub use error::{AccountProblem, Error, ErrorKind, ErrorResponse};
pub use flow::{
    DirectSignIn, FirstScreen, Identifier, InteractionMode, PendingSignIn, SignInDecision,
    SignInOptions,
};
pub use oidc::TokenRequest;
pub use oidc::claims::{
    Claims, HuggingFaceOrganization, HuggingFaceProfile, IdTokenClaims, Identity, OrganizationData,
    UserInfo,
};
pub use session::SessionInfo;
