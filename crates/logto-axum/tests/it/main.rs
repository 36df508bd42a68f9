//! What goes wrong easily between axum and the core.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod other_state;
mod slow_store;
