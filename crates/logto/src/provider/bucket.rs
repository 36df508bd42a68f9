//! A limit on how often something may be asked for.

use std::sync::{Mutex, PoisonError};

/// How many key-set fetches may follow each other at once.
const BURST: u64 = 4;
/// Seconds after which one more is allowed.
const REFILL: u64 = 30;

/// A token bucket. Attackers choose the `kid` of what they send, so fetches for unknown ones are
/// counted together, whatever the `kid`.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// The time at which the bucket is full again.
    full_at: Mutex<u64>,
}

impl Bucket {
    /// Takes one permission, if there is one.
    pub(crate) fn take(&self, now: u64) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not close the bucket for the difference.
        let next = (*full_at).clamp(now, now + BURST * REFILL) + REFILL;
        if next > now + BURST * REFILL {
            return false;
        }
        *full_at = next;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_per_refill() {
        let bucket = Bucket::default();
        let allowed = |now| (0..10).filter(|_| bucket.take(now)).count();
        assert_eq!(allowed(1000), 4);
        assert_eq!(allowed(1000 + REFILL - 1), 0);
        assert_eq!(allowed(1000 + REFILL), 1);
        assert_eq!(allowed(1000 + 10 * REFILL), 4);
    }
}
