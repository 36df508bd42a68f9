//! Protection of your own APIs: access tokens, permissions, organizations.
//!
//! An [`Api`] verifies the access tokens that clients send, and a [`Policy`] says what a token must
//! permit. The adapters turn both into an extractor, so that a route's signature is its
//! authorization; without an adapter there is [`Api::verify`].
//!
//! # Example
//!
//! ```
//! use logto::resource_server::{Api, Permission, Policy};
//!
//! let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
//!
//! /// May read things.
//! struct ReadThings;
//!
//! impl Permission for ReadThings {
//!     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
//! }
//! # Ok::<(), logto::ConfigError>(())
//! ```

mod actor;
mod bearer;
mod challenge;
mod claims;
mod config;
mod handle;
mod metadata;
mod permission;
mod personal_tokens;
mod policy;
mod verify;

pub use claims::AccessTokenClaims;
pub use config::ApiConfig;
pub use handle::Api;
pub use permission::{AnyToken, Permission};
pub use policy::{OrganizationFrom, Policy};
