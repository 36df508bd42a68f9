//! The cache of issued tokens: kept until shortly before they expire, requested once at a time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::token::Issued;
use crate::access_token::AccessToken;
use crate::clock::Clock;
use crate::error::Error;
use crate::oidc::provider::Cached;

/// How many different requests are remembered.
const MAX_REQUESTS: usize = 10_000;

type Key = [u8; 32];
type Slot = Arc<Cached<Issued>>;

#[derive(Debug)]
pub(super) struct TokenCache {
    clock: Clock,
    slots: Mutex<HashMap<Key, Slot>>,
}

impl TokenCache {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, slots: Mutex::default() }
    }

    /// The token that is kept under `key`; a new one if it is about to end, or if asked for `anew`.
    /// While Logto is down a token serves to its end.
    pub(super) async fn get<Fut>(
        &self,
        key: Key,
        anew: bool,
        fetch: impl FnOnce() -> Fut,
    ) -> Result<AccessToken, Error>
    where
        Fut: Future<Output = Result<Issued, Error>>,
    {
        let now = self.clock.now();
        let slot = self.slot(key, now);
        let (known, generation) = slot.peek();
        if let Some(issued) = known.as_ref().filter(|issued| issued.is_fresh(now) && !anew) {
            return Ok(issued.token.clone());
        }
        let issued = match (slot.after(generation, fetch()).await, known) {
            (Err(error), Some(old)) if error.is_retryable() && old.is_usable(now) && !anew => old,
            (outcome, _) => outcome?,
        };
        Ok(issued.token.clone())
    }

    /// The token that is kept under `key`, unless it is about to end.
    pub(super) fn kept(&self, key: &Key) -> Option<AccessToken> {
        let issued = self.slots().get(key)?.peek().0?;
        let is_fresh = issued.is_fresh(self.clock.now());
        is_fresh.then(|| issued.token.clone())
    }

    /// Forgets a token, which an API refused before its end.
    pub(super) fn forget(&self, token: &AccessToken) {
        let is_it = |slot: &Slot| slot.peek().0.is_some_and(|known| known.token == *token);
        self.slots().retain(|_, slot| !is_it(slot));
    }

    fn slot(&self, key: Key, now: u64) -> Slot {
        let mut slots = self.slots();
        if !slots.contains_key(&key) && slots.len() >= MAX_REQUESTS {
            // A caller waits for a slot that is in use elsewhere too.
            let in_use = |slot: &Slot| Arc::strong_count(slot) > 1;
            let usable = |slot: &Slot| slot.peek().0.is_some_and(|issued| issued.is_usable(now));
            slots.retain(|_, slot| in_use(slot) || usable(slot));
            if slots.len() >= MAX_REQUESTS {
                slots.retain(|_, slot| in_use(slot));
            }
        }
        // A token is renewed by us and not by age.
        let slot =
            slots.entry(key).or_insert_with(|| Cached::new(u64::MAX / 2, self.clock.clone()));
        Arc::clone(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
