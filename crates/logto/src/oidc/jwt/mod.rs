//! Verification of signed tokens (RFC 7515, RFC 7519).
//!
//! The algorithm of a signature is taken from our own list and from the key, never from the token
//! alone; what the list does not name is refused by name.

mod algorithm;
mod compact;
mod id_token;
mod key_set;
mod logout_token;

pub(crate) use algorithm::Algorithm;
pub(crate) use compact::{Compact, Header};
pub(crate) use id_token::{Expected, Nonce, verify_id_token};
pub(crate) use key_set::{KeySet, KeySetVersion, Lookup};
pub(crate) use logout_token::{LogoutSubject, LogoutToken, verify_logout_token};
