//! The API resources that Logto did not know lately.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seconds for which an unknown resource is left out of sign-ins, until it is tried again.
const LIFETIME: u64 = 5 * 60;

/// The API resources that Logto did not know when they were last tried.
#[derive(Debug, Default)]
pub(crate) struct UnknownResources {
    until: Mutex<HashMap<String, u64>>,
    /// When they were last tried: many users may be refused at the same time, and anyone can make
    /// up a refusal of their own sign-in.
    pub(crate) tried_at: tokio::sync::Mutex<Option<u64>>,
}

impl UnknownResources {
    /// Those to leave out of sign-ins now.
    pub(crate) fn names(&self, now: u64) -> Vec<String> {
        let mut until = self.until();
        until.retain(|_, until| now < *until && *until <= now + LIFETIME);
        until.keys().cloned().collect()
    }

    pub(crate) fn insert(&self, resource: &str, now: u64) {
        self.until().insert(resource.to_owned(), now + LIFETIME);
    }

    fn until(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
