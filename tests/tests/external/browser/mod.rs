//! The example apps in a real browser.

mod back;
mod errors;
mod local;
mod mcp;
mod open_pages;
mod other_ways;
mod things;
