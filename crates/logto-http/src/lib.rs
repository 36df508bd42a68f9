//! How the crates of Logto for Rust talk HTTP to Logto: bounded in time and size, without
//! redirects, and with errors that repeat no secret.
//!
//! This crate is not for direct use, and any release may change it.

mod client;
mod json;
mod network;
mod text;

pub use client::{basic, body, cannot_serve, client, failure, retry_after};
pub use json::fault;
pub use network::{is_loopback, is_private, is_private_address, may_lead_to};
pub use text::{printable, redact};
