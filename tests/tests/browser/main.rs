//! The example apps in a real browser.

mod errors;
mod local;
mod things;
