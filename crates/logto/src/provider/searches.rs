//! A limit on how often the key set is fetched because of a token.

use std::sync::{Mutex, PoisonError};

/// How many fetches may follow each other at once.
const BURST: u64 = 4;
/// Seconds after which one more is allowed, and the same key is looked for again.
const REFILL: u64 = 5;

/// The fetches for keys that are not known.
///
/// Attackers choose the `kid` of what they send, so all are counted together: a token bucket. One
/// `kid` alone does not empty it: clients that go on with tokens of a withdrawn key leave
/// the rest for the next new one.
#[derive(Debug, Default)]
pub(crate) struct Searches(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The time at which the bucket is full again.
    full_at: u64,
    /// What was looked for, and when; as few as the bucket allows.
    latest: Vec<(Option<String>, u64)>,
}

impl Searches {
    /// Whether the key set may be fetched to look for this `kid`; if so, it counts.
    pub(crate) fn permit(&self, kid: Option<&str>, now: u64) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.latest.retain(|(_, at)| now.abs_diff(*at) < REFILL);
        let same = |(latest, _): &(Option<String>, u64)| latest.as_deref() == kid;
        // A clock that was set back must not close the bucket for the difference.
        state.full_at = state.full_at.clamp(now, now + BURST * REFILL);
        let is_empty = state.full_at + REFILL > now + BURST * REFILL;
        if is_empty || state.latest.iter().any(same) {
            return false;
        }
        state.full_at += REFILL;
        state.latest.push((kid.map(str::to_owned), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_per_refill() {
        let searches = Searches::default();
        let allowed = |now| {
            let kids = (0..10).map(|n| format!("{n} at {now}"));
            kids.filter(|kid| searches.permit(Some(kid), now)).count()
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
    fn the_same_key_is_looked_for_again_after_a_while_and_leaves_the_burst_to_others() {
        let searches = Searches::default();
        for now in 1000..1100 {
            let due = now % REFILL == 0;
            assert_eq!(searches.permit(Some("old"), now), due, "{now}");
        }
        assert!(searches.permit(None, 1100));
        assert!(!searches.permit(None, 1100));
        let others = ["a", "b", "c", "d"].map(|kid| searches.permit(Some(kid), 1100));
        assert_eq!(others, [true, true, true, false]);
    }
}
