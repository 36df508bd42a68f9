//! The id of a session.

use std::fmt;

use crate::crypto::encoding;
use crate::error::Error;

/// 128 random bits, new at every sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(pub(super) [u8; Self::LENGTH]);

impl SessionId {
    pub(super) const LENGTH: usize = 16;

    pub(crate) fn random() -> Result<Self, Error> {
        encoding::random().map(Self)
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Without the id: it is a secret.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId")
    }
}
