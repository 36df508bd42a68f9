//! The right to refresh a session, and what its holder may do with it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::store::Store;
use crate::error::Error;
use crate::http::Validity;
use crate::storage::{Expect, Version};

/// The right to refresh a session.
pub(crate) struct Lease {
    pub(super) key: String,
    /// What is stored: no other holder stores the same.
    pub(super) owner: [u8; 8],
    pub(super) version: Version,
    /// When it ends at the earliest, unless it is extended.
    pub(super) end: Instant,
    /// Whether no other instance can have had it since it was taken.
    pub(super) was_never_lost: bool,
}

/// A lease while the work is done that it is for.
pub(crate) struct HeldLease {
    pub(super) key: String,
    state: Mutex<State>,
    validity: Validity,
}

pub(super) enum State {
    Held(Lease),
    /// Another instance has it, or had it.
    Lost,
    /// It is being extended, or was given back.
    Taken,
}

impl HeldLease {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            key: lease.key.clone(),
            validity: Validity::until(lease.end),
            state: Mutex::new(State::Held(lease)),
        }
    }

    /// The permission to send the refresh token that the store held after the lease was taken. It
    /// ends with the lease: a suspended process may have lost it.
    pub(crate) fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Stores what came of the work, and gives the lease back with it.
    pub(super) async fn put(
        &self,
        store: &Store,
        key: &str,
        value: Vec<u8>,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, Error> {
        let Some(lease) = self.take() else {
            return Ok(store.put(key, value, expect, ttl).await?.is_some());
        };
        let removed = (&*lease.key, lease.version);
        let stored = store.put_and_remove(key, value, expect, ttl, removed).await;
        if stored.is_err() {
            *self.state() = State::Held(lease);
        }
        stored
    }

    /// To give it back.
    pub(super) fn take(&self) -> Option<Lease> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Held(lease) => Some(lease),
            other => {
                *state = other;
                None
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
