//! The harness of the system tests: the example app as its own process, a real
//! Chromium, and a certified OpenID provider.
//!
//! What a test file needs is in its name, and `cargo xtask test-all` goes by
//! it: `browser` in the name means Chromium, `certified` means the certified
//! provider, `database` means Redis and PostgreSQL.
//!
//! Nothing here sleeps to give something else time. Whatever must become true
//! is awaited with [`eventually`], which has a bound.

// A harness fails by panicking: that is how a test learns of it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod app;
pub mod bearer;
mod browser;
mod certified;
pub mod conformance;
pub mod hostile;
pub mod instances;
mod secrets;
mod stage;
mod visitor;

pub use app::{Example, ExampleApp, free_base_url, logto_command, signs_in_at};
pub use browser::{Answer, Browser, Cookie, Tab};
pub use certified::CertifiedProvider;
pub use logto_servers::{Process, eventually, eventually_within};
pub use secrets::Secrets;
pub use stage::{Stage, everywhere};
pub use visitor::Visitor;
