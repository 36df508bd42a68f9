//! Programs of others that run on Node.js, without a browser.

mod inspector;
mod provider;
