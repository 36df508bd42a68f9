//! Sessions: lifetime, refresh, storage, sign-out.

mod config_changes;
mod ended;
mod expected_user;
mod instance_clocks;
mod lifetime;
mod listing;
mod metrics;
mod opened;
mod persist;
mod refresh;
mod sign_out;
mod silent;
mod size;
mod store_outage;
mod tokens;
