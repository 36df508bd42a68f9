#![doc = include_str!("../README.md")]

mod apps;
mod authorization_request;
mod browser;
mod builder;
mod call;
mod clock;
mod connection;
mod cookies;
mod directory;
mod documents;
mod error;
mod faults;
mod keys;
mod log;
mod problem;
mod random;
mod reply;
mod routes;
mod scopes;
mod server;
mod state;
mod store;
mod subjects;
mod tenant;
mod time;
mod token;
mod users;
mod vault;
mod webhooks;

pub use apps::AppCredentials;
pub use browser::{Browser, Stop};
pub use builder::LocalTenantBuilder;
pub use clock::Clock;
pub use error::Error;
pub use faults::{Endpoint, Fault, Faults};
pub use keys::SigningAlgorithm;
pub use log::SeenRequest;
pub use tenant::LocalTenant;
pub use users::TestUser;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(LocalTenant, Browser, Clock, Faults, TestUser, Error)>();
};
