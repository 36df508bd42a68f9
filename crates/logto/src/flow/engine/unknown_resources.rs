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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_left_out_for_five_minutes() {
        let unknown = UnknownResources::default();
        unknown.insert("https://api.example", 1000);
        assert_eq!(unknown.names(1299), ["https://api.example"]);
        assert!(unknown.names(1300).is_empty());
    }

    #[test]
    fn a_clock_that_was_set_back_leaves_no_resource_out_for_longer() {
        let unknown = UnknownResources::default();
        unknown.insert("https://api.example", 1000);
        assert!(unknown.names(999).is_empty());
    }
}
