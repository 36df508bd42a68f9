//! The tenant, seen from outside: compared with recordings of a real Logto wherever there is one.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod account;
mod account_api;
mod administrator;
mod authorize;
mod back_channel;
mod client_documents;
mod device;
mod endings;
mod exchange;
mod failures;
mod flow;
mod keys;
mod management;
mod native;
mod pages;
mod recorded;
mod sessions;
mod set_up;
mod shown;
mod start;
mod support;
mod time;
mod token;
mod webhook_answers;
mod webhooks;
