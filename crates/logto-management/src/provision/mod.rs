//! From nothing to the Hugging Face button: reads what a tenant has, says what would change, and
//! changes it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use logto_management::{Management, provision::HuggingFaceSetup};
//!
//! let management = Management::new("https://my-tenant.logto.app", "m2m app id", "m2m app secret")?;
//! let setup = HuggingFaceSetup::new("http://localhost:3000")
//!     .with_credentials("id of the OAuth app at Hugging Face", "its secret")
//!     .with_skip_required_identifiers(true);
//! let plan = setup.plan(&management).await?;
//! for uri in plan.hugging_face_redirect_uris() {
//!     println!("redirect URI for Hugging Face: {uri}");
//! }
//! for change in &plan.changes {
//!     println!("{change}");
//! }
//! let ready = plan.apply(&management, |done| println!("done: {}", done.title)).await?;
//! println!("LOGTO_APP_ID={}", ready.app_id);
//! # Ok(())
//! # }
//! ```
//!
//! What is there is adopted and never taken away: addresses and buttons are added to those that
//! exist. The one exception is asked for:
//! [`with_token_storage`](HuggingFaceSetup::with_token_storage) replaces the built-in connector by
//! one of the same id. A second plan after a successful one has no changes.

mod account;
mod api;
mod application;
mod apply;
mod change;
mod connector;
mod failure;
mod plan;
mod planning;
mod setup;
mod sign_in;
mod webhook;

pub use apply::Provisioned;
pub use change::{Change, Difference};
pub use failure::{ApplyError, advice};
pub use plan::{Plan, Warning};
pub use setup::HuggingFaceSetup;
