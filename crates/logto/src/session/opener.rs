//! What opens the sessions of one application.

use std::sync::Arc;

use super::Packer;
use crate::cache::Budget;
use crate::crypto::seal::{KeyRing, Purpose};

/// Opens session cookies, and reads what a session leaves sealed or packed until it is asked for.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(super) keys: Arc<KeyRing>,
    /// Of the session cookie, which its value is bound to.
    pub(super) name: String,
    pub(super) packer: Packer,
    /// What opened sessions may take in memory.
    pub(super) budget: Arc<Budget>,
}

impl Opener {
    pub(crate) fn new(
        keys: Arc<KeyRing>,
        name: String,
        packer: Packer,
        budget: Arc<Budget>,
    ) -> Arc<Self> {
        Arc::new(Self { keys, name, packer, budget })
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(crate) fn packer(&self) -> &Packer {
        &self.packer
    }

    /// What a session cookie's value holds.
    pub(super) fn unseal(&self, purpose: Purpose, text: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(purpose, &self.name, text)
    }
}
