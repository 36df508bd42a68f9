//! Several instances of the example app, as in production: a process each, one store, and a proxy
//! that hands requests out in turn.

mod cluster;
mod database;
mod proxy;

pub use cluster::{Clocks, Cluster, DUE_FOR_ROTATION, HOUR};
pub use database::{Database, with_each_database};
