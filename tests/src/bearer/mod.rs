//! A protected API in every framework, and tokens for it that are as good or as bad as a test
//! wants.

mod adapters;
mod fixture;
mod permissions;
mod running_app;
mod then;
mod token;

pub use adapters::{Adapter, all as adapters};
pub use fixture::{CLIENT, Fixture, ORGANIZATION, RESOURCE, Seen};
pub use permissions::METADATA_SCOPES;
pub use running_app::{BASE_URL, RunningApp};
pub use then::{ALICE, Then};
pub use token::Token;
