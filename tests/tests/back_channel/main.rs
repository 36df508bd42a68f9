//! Back-channel logout: which logout tokens are accepted, and which sessions they end.

mod logout;
mod tokens;
mod webhooks;
