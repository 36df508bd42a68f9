//! Leptos, Dioxus and Loco: the conformance suite on their routers, and their examples as processes.
//!
//! A workspace of its own, so that no one builds three frameworks for anything else:
//! `cargo xtask test-frameworks`.

pub mod drivers;
mod example;

pub use example::{Fixture, Framework};
