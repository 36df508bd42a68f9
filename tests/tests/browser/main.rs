//! The example apps in a real browser.

mod back;
mod errors;
mod local;
mod mcp;
mod things;
