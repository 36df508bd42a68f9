//! The harness of the system tests: the example app as its own process, a real
//! Chromium, and a certified OpenID provider.
//!
//! What a test file needs is in its name, and `cargo xtask test-all` goes by
//! it: `browser` in the name means Chromium, `certified` means the certified
//! provider.
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
mod process;
mod secrets;
mod stage;
mod wait;

pub use app::{Example, ExampleApp, free_base_url};
pub use browser::{Answer, Browser, Cookie, Tab};
pub use certified::CertifiedProvider;
pub use process::Process;
pub use secrets::Secrets;
pub use stage::{Stage, everywhere};
pub use wait::{eventually, eventually_within};
