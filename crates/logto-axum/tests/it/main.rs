//! What goes wrong easily between axum and the core.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod other_state;
mod slow_store;
