//! The system tests that need other programs. `cargo xtask test-all` goes by the names of these
//! modules: `browser` means Chromium, `certified` the certified provider, `database` Redis and
//! PostgreSQL, `nginx` that.

mod browser;
mod browser_certified;
mod browser_nginx;
mod certified_programs;
mod database;
