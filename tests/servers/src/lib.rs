//! Processes that tests start, stop and break: Redis, PostgreSQL, and any other; and what every
//! store behind them has to stand.
//!
//! Each server has a port and a data folder of its own and stops when its handle is dropped.
//! Nothing here sleeps to give something else time. Whatever must become true is awaited with
//! [`eventually`], which has a bound.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails by panicking: that is how a test learns of it"
)]

mod nginx;
mod pgbouncer;
mod ports;
mod postgres;
mod process;
mod race;
mod redis;
mod times;
mod wait;

pub use nginx::Nginx;
pub use pgbouncer::PgBouncer;
pub use ports::free_port;
pub use postgres::Postgres;
pub use process::Process;
pub use race::one_of_many_wins;
pub use redis::Redis;
pub use times::extreme_times_are_taken;
pub use wait::{eventually, eventually_within, soon};
