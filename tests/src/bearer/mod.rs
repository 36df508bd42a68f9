//! A protected API in every framework, and tokens for it that are as good or as bad as a test
//! wants.

mod adapters;
mod permissions;
mod site;
mod then;
mod token;
mod world;

pub use adapters::{Adapter, all as adapters};
pub use permissions::METADATA_SCOPES;
pub use site::{BASE_URL, Site};
pub use then::{ALICE, Then};
pub use token::Token;
pub use world::{CLIENT, ORGANIZATION, RESOURCE, Seen, World};
