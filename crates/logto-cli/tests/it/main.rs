//! The `logto` command as users and scripts run it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod app;
mod checked_app;
mod doctor;
mod doctor_inside;
mod fixture;
mod local;
mod login;
#[cfg(target_os = "linux")]
mod output;
mod setup;
mod setup_stopped;
mod support;
