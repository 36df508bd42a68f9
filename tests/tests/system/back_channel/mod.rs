//! Back-channel logout: which logout tokens are accepted, and which sessions they end.

mod logout;
mod missed;
mod tokens;
mod webhooks;
