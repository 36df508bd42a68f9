//! The `logto` command as people and scripts run it.

mod local;
mod support;
