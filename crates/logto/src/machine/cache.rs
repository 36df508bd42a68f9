//! Issued tokens, kept until they are about to end, and asked for once at a time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use super::IssuedToken;
use crate::clock::Clock;
use crate::error::Error;
use crate::provider::Cached;

/// How many different requests are remembered.
const MAX_REQUESTS: usize = 10_000;

type Key = [u8; 32];
type Slot = Arc<Cached<IssuedToken>>;

#[derive(Debug)]
pub(super) struct TokenCache {
    clock: Clock,
    slots: Mutex<HashMap<Key, Slot>>,
}

impl TokenCache {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            slots: Mutex::default(),
        }
    }

    /// The token that is kept under `key`; a new one if it is about to end. While Logto is down a
    /// token serves to its end.
    pub(super) async fn get<Fut>(
        &self,
        key: Key,
        fetch: impl FnOnce() -> Fut,
    ) -> Result<Arc<IssuedToken>, Error>
    where
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        let now = self.clock.now();
        let slot = self.slot(key, now);
        let (known, seen) = slot.peek();
        if let Some(token) = known.as_ref().filter(|token| token.is_fresh(now)) {
            return Ok(Arc::clone(token));
        }
        match (slot.after(seen, fetch()).await, known) {
            (Err(error), Some(token)) if error.is_retryable() && token.is_usable(now) => Ok(token),
            (outcome, _) => outcome,
        }
    }

    /// Forgets a token, which an API refused before its end.
    pub(super) fn forget(&self, token: &IssuedToken) {
        let is_it = |slot: &Slot| {
            slot.peek()
                .0
                .is_some_and(|known| known.as_str() == token.as_str())
        };
        self.slots().retain(|_, slot| !is_it(slot));
    }

    fn slot(&self, key: Key, now: u64) -> Slot {
        let mut slots = self.slots();
        if !slots.contains_key(&key) && slots.len() >= MAX_REQUESTS {
            // Somebody waits for a slot that is held elsewhere too.
            let in_use = |slot: &Slot| Arc::strong_count(slot) > 1;
            let usable = |slot: &Slot| slot.peek().0.is_some_and(|token| token.is_usable(now));
            slots.retain(|_, slot| in_use(slot) || usable(slot));
            if slots.len() >= MAX_REQUESTS {
                slots.retain(|_, slot| in_use(slot));
            }
        }
        // A token is renewed by us and not by age.
        let slot = slots
            .entry(key)
            .or_insert_with(|| Cached::new(u64::MAX / 2, self.clock.clone()));
        Arc::clone(slot)
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
