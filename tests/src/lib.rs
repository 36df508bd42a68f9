//! The harness of the system tests: the example app as its own process, a real
//! Chromium, and a certified OpenID provider.
//!
//! There is one test program for each kind of test, because linking them takes most of the time:
//! add a module to one of them before you add another. What a program needs is in its name, and
//! `cargo xtask test-all` goes by it: `browser` means Chromium, `certified` means the certified
//! provider, `database` means Redis and PostgreSQL, `nginx` that.
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
