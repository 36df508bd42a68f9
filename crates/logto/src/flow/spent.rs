//! Which sign-ins were completed, so that none is completed twice.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How many are remembered. Each is useless after a quarter of an hour anyway.
const CAPACITY: usize = 10_000;

/// The states of callbacks that were taken up.
///
/// A code that reaches Logto twice revokes everything that was issued for it, so a callback that is
/// loaded twice, by an impatient person or a browser that retries, must not send it twice. The
/// browser's own cookie is removed with the answer; this covers the time until it arrives.
#[derive(Debug, Default)]
pub(crate) struct Spent(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    states: HashSet<String>,
    oldest_first: VecDeque<String>,
}

impl Spent {
    /// Takes a state up; `false` if that was done before.
    pub(crate) fn claim(&self, state: &str) -> bool {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !remembered.states.insert(state.to_owned()) {
            return false;
        }
        remembered.oldest_first.push_back(state.to_owned());
        if remembered.oldest_first.len() > CAPACITY
            && let Some(oldest) = remembered.oldest_first.pop_front()
        {
            remembered.states.remove(&oldest);
        }
        true
    }

    /// Gives a state back after an outage: the code may not have reached Logto, and if it did, nobody
    /// has what was issued for it.
    pub(crate) fn release(&self, state: &str) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.states.remove(state);
        remembered.oldest_first.retain(|held| held != state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_taken_up_once_unless_given_back() {
        let spent = Spent::default();
        assert!(spent.claim("a"));
        assert!(!spent.claim("a"));
        spent.release("a");
        assert!(spent.claim("a"));
    }

    #[test]
    fn the_memory_is_bounded() {
        let spent = Spent::default();
        for n in 0..CAPACITY + 5 {
            assert!(spent.claim(&n.to_string()));
        }
        let remembered = spent.0.lock().unwrap();
        assert_eq!(
            (remembered.states.len(), remembered.oldest_first.len()),
            (CAPACITY, CAPACITY)
        );
    }
}
