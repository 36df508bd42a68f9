#![doc = include_str!("../README.md")]

mod layer;
mod refusal;

pub use layer::{LogtoLayer, LogtoService, layer};
pub use logto;
pub use logto::api::{AccessTokenClaims, Api, ApiConfig, Policy};
