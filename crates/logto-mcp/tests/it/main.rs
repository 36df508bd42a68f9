//! An MCP server behind the guard: who reaches which tool, and what the others are told.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails like the test itself"
)]

mod ask;
mod client;
mod delegation;
mod fixture;
mod hostile;
mod lists;
mod metadata;
mod notes;
mod poem_notes;
mod sessions;
mod streams;
