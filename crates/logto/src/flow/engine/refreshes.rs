//! The refreshes under way.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::error::Error;
use crate::log_limit::LogLimit;
use crate::oidc::Target;
use crate::session::SessionId;
use crate::session::manager::LoadedSession;
use crate::single_flight::SingleFlight;

/// The session with what a refresh brought.
pub(crate) type RefreshOutcome = Result<LoadedSession, Error>;

/// The refreshes under way.
#[derive(Default)]
pub(crate) struct Refreshes {
    pub(crate) in_flight: SingleFlight<(SessionId, Target), RefreshOutcome>,
    /// When early refreshes may begin again.
    paused_until: AtomicU64,
    unstored: AtomicUsize,
    /// Of a store that does not take what was refreshed: each refresh tries again and again.
    pub(crate) store_failures: LogLimit,
    /// Of refreshes whose response did not arrive.
    pub(crate) lost_responses: LogLimit,
}

impl Refreshes {
    /// Whether tokens that can still be used are left as they are for now.
    pub(crate) fn are_paused(&self, now: u64) -> bool {
        now < self.paused_until.load(Ordering::Relaxed)
    }

    pub(crate) fn pause(&self, until: u64) {
        self.paused_until.store(until, Ordering::Relaxed);
    }

    /// How many answers of Logto the store has not taken yet.
    pub(crate) fn unstored(&self) -> usize {
        self.unstored.load(Ordering::Relaxed)
    }

    /// Counts one of them until it is dropped.
    pub(crate) fn note_unstored(&self) -> Unstored<'_> {
        self.unstored.fetch_add(1, Ordering::Relaxed);
        Unstored(&self.unstored)
    }
}

/// An answer of Logto that the store has not taken yet. It stops counting also if its task is cut.
pub(crate) struct Unstored<'a>(&'a AtomicUsize);

impl Drop for Unstored<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_until_they_are_stored() {
        let refreshes = Refreshes::default();
        let first = refreshes.note_unstored();
        let second = refreshes.note_unstored();
        assert_eq!(refreshes.unstored(), 2);
        drop((first, second));
        assert_eq!(refreshes.unstored(), 0);
    }

    #[test]
    fn a_pause_ends_at_its_time() {
        let refreshes = Refreshes::default();
        refreshes.pause(100);
        assert_eq!([99, 100].map(|now| refreshes.are_paused(now)), [true, false]);
    }
}
