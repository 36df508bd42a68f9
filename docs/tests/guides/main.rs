//! The guides' routes, served and requested: what is printed there is what runs here.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails like the test itself"
)]
// Not all of it is called, and it takes what a reader's `main` has.
#![allow(
    dead_code,
    unused_qualifications,
    unused_variables,
    clippy::needless_pass_by_value,
    reason = "the guides are code for readers"
)]

/// The code of a guide: `guide!("protect-a-page-1")` is its first block of Rust.
macro_rules! guide {
    ($block:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $block, ".rs"));
    };
}

mod apis;
mod cargo_add;
mod hello_rmcp;
mod mcp;
mod operation;
mod organizations;
mod pages;
mod running_app;
mod sessions;
mod shell;
mod sign_in;
mod streams;
