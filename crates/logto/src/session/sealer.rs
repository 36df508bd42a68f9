//! What seals and opens the session cookies of one application.

use std::sync::Arc;

use super::Packer;
use crate::cache::Budget;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::Error;

/// Seals and opens session cookies. An opened session keeps it, because claims and tokens stay
/// sealed or packed until they are asked for.
#[derive(Debug)]
pub(crate) struct Sealer {
    pub(super) keys: Arc<KeyRing>,
    /// Of the session cookie, which its value is bound to.
    pub(super) name: String,
    pub(super) packer: Packer,
    /// What opened sessions may take in memory.
    pub(super) budget: Arc<Budget>,
}

impl Sealer {
    pub(crate) fn new(
        keys: Arc<KeyRing>,
        name: String,
        packer: Packer,
        budget: Arc<Budget>,
    ) -> Arc<Self> {
        Arc::new(Self { keys, name, packer, budget })
    }

    /// The same for a cookie of another name.
    pub(super) fn renamed(&self, name: String) -> Arc<Self> {
        let (keys, packer) = (Arc::clone(&self.keys), self.packer.clone());
        Self::new(keys, name, packer, Arc::clone(&self.budget))
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(crate) fn packer(&self) -> &Packer {
        &self.packer
    }

    /// The value of a session cookie.
    pub(super) fn seal(&self, purpose: Purpose, content: Vec<u8>) -> Result<String, Error> {
        self.keys.seal(purpose, &self.name, content)
    }

    /// What the value of a session cookie holds.
    pub(super) fn open(&self, purpose: Purpose, text: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(purpose, &self.name, text)
    }
}
