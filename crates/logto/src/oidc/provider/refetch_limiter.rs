//! A limit on how often the key set is fetched because of a token.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many fetches may follow each other at once.
const BURST: u64 = 4;
/// Seconds after which one more is allowed.
const REFILL: u64 = 5;
/// Seconds for which a key counts as looked for.
const LATELY: u64 = BURST * REFILL;

/// The fetches for keys that are not known.
///
/// Attackers choose the `kid` of what they send, so all are counted together: a token bucket. The
/// last one in it is kept for a `kid` that was not looked for lately: clients that go on with
/// tokens of a withdrawn key leave it for the next new one.
#[derive(Debug, Default)]
pub(crate) struct RefetchLimiter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The time at which the bucket is full again.
    full_at: u64,
    /// What was looked for, and when; as few as the bucket allows.
    latest: Vec<(Option<String>, u64)>,
}

impl RefetchLimiter {
    /// Whether the key set may be fetched to look for this `kid`; if so, it counts.
    pub(crate) fn permit(&self, kid: Option<&str>, now: u64) -> bool {
        let mut state = self.state();
        if !state.permits(kid, now) {
            return false;
        }
        state.full_at += REFILL;
        state.latest.push((kid.map(str::to_owned), now));
        true
    }

    /// Whether it might be, which does not count.
    pub(crate) fn would_permit(&self, kid: Option<&str>, now: u64) -> bool {
        self.state().permits(kid, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn permits(&mut self, kid: Option<&str>, now: u64) -> bool {
        self.latest.retain(|(_, at)| now.abs_diff(*at) < LATELY);
        let same = |(latest, _): &(Option<String>, u64)| latest.as_deref() == kid;
        let needed = if self.latest.iter().any(same) { 2 } else { 1 };
        // A clock that was set back must not close the bucket for the difference.
        self.full_at = self.full_at.clamp(now, now + BURST * REFILL);
        self.full_at + needed * REFILL <= now + BURST * REFILL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_per_refill() {
        let refetch_limiter = RefetchLimiter::default();
        let allowed = |now| {
            let kids = (0..10).map(|n| format!("{n} at {now}"));
            kids.filter(|kid| refetch_limiter.permit(Some(kid), now)).count()
        };
        assert_eq!(allowed(1000), 4);
        assert_eq!(allowed(1000 + REFILL - 1), 0);
        assert_eq!(allowed(1000 + REFILL), 1);
        assert_eq!(allowed(1000 + 10 * REFILL), 4);
        // The clock was set back.
        assert_eq!(allowed(500), 0);
        assert_eq!(allowed(500 + REFILL), 1);
    }

    #[test]
    fn the_same_key_leaves_the_last_one_to_others() {
        let refetch_limiter = RefetchLimiter::default();
        let old = || refetch_limiter.permit(Some("old"), 1000);
        assert_eq!([old(), old(), old(), old()], [true, true, true, false]);
        assert!(refetch_limiter.permit(None, 1000));
        assert!(!refetch_limiter.permit(Some("new"), 1000));
        // It is looked for again after a while, however many of its tokens come.
        let often = (1000..1100).filter(|&now| refetch_limiter.permit(Some("old"), now));
        assert_eq!(often.count(), 18);
        assert!(refetch_limiter.permit(Some("new"), 1099));
    }

    #[test]
    fn a_look_ahead_does_not_count() {
        let refetch_limiter = RefetchLimiter::default();
        for _ in 0..10 {
            assert!(refetch_limiter.would_permit(Some("new"), 1000));
        }
        while refetch_limiter.permit(None, 1000) {}
        while refetch_limiter.permit(Some("new"), 1000) {}
        assert!(!refetch_limiter.would_permit(Some("new"), 1000));
    }

    #[test]
    fn a_key_counts_as_looked_for_until_a_full_bucket_is_refilled() {
        let refetch_limiter = RefetchLimiter::default();
        assert!(refetch_limiter.permit(Some("old"), 1000));
        assert!(["a", "b", "c"].iter().all(|new| refetch_limiter.permit(Some(new), 1019)));
        assert!(!refetch_limiter.would_permit(Some("old"), 1019));
        assert!(refetch_limiter.would_permit(Some("old"), 1020));
    }
}
