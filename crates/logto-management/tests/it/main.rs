//! The client, seen from outside: against a local tenant that starts empty, and against a server
//! that answers as Logto was recorded.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod older_logto;
mod provision;
mod recorded;
mod recorded_server;
mod recorded_users;
mod repeats;
mod replaced;
mod sent;
mod sentences;
mod support;
