//! Encryption, random numbers and encodings.

pub(crate) mod encoding;
pub(crate) mod seal;
