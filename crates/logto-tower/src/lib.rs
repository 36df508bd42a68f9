#![doc = include_str!("../README.md")]

mod layer;
mod refusal;

pub use layer::{BearerLayer, BearerService, bearer_layer};
pub use logto;
pub use logto::resource_server::{AccessTokenClaims, Api, ApiConfig, Policy};

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<BearerLayer>();
};
