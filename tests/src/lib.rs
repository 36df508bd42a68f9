//! The harness of the system tests: the example app as its own process, a real
//! Chromium, and a certified OpenID provider.
//!
//! The tests are modules of two programs, because linking takes most of the time: `system` needs no
//! other program; what a module of `external` needs is in its name, and `cargo xtask test-all` goes
//! by it. `memory` is a program of its own, as its allocator counts.
//!
//! Nothing here sleeps to give something else time. Whatever must become true
//! is awaited with [`eventually`], which has a bound.

mod app;
pub mod bearer;
mod browser;
mod certified;
pub mod conformance;
mod fixture;
pub mod hostile;
pub mod instances;
mod secrets;
mod visitor;
pub mod webhook;

pub use app::{Example, ExampleApp, free_base_url, logto_command, signs_in_at};
pub use browser::{Answer, Browser, Cookie, Tab};
pub use certified::{CertifiedProvider, mcp_inspector, npm_file};
pub use fixture::{Fixture, everywhere};
pub use logto_servers::{Nginx, Process, eventually, eventually_within, free_port, soon};
pub use secrets::Secrets;
pub use visitor::Visitor;
