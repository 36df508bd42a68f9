//! The tenant, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod authorize;
mod flow;
mod recorded;
mod support;
mod token;
