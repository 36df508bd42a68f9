//! Tracks outages of the store, and the wait before new leases after one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Shorter than a lease lives without a heartbeat.
const LONG_ENOUGH: Duration = Duration::from_millis(500);
/// How long after an outage those come first who hold what Logto answered.
const HEAD_START: Duration = Duration::from_secs(1);
/// No time: the first moments have other numbers.
const NEVER: u64 = 0;

/// The outages of a store, as this instance sees them.
#[derive(Debug)]
pub(super) struct Outages {
    /// What the times, in milliseconds, count from.
    epoch: Instant,
    failing_since: AtomicU64,
    over_since: AtomicU64,
}

impl Outages {
    pub(super) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            failing_since: AtomicU64::new(NEVER),
            over_since: AtomicU64::new(NEVER),
        }
    }

    /// Notes whether the store answered, and how long that took.
    pub(super) fn note(&self, answered: bool, took: Duration) {
        let failing_since = self.failing_since.load(Ordering::Relaxed);
        if answered && failing_since == NEVER && took < LONG_ENOUGH {
            return;
        }
        let now = self.now();
        let begun = now.saturating_sub(milliseconds(took)).max(NEVER + 1);
        let since = if failing_since == NEVER { begun } else { failing_since.min(begun) };
        if answered && now.saturating_sub(since) >= milliseconds(LONG_ENOUGH) {
            self.over_since.store(now, Ordering::Relaxed);
        }
        self.failing_since.store(if answered { NEVER } else { since }, Ordering::Relaxed);
    }

    /// How long others still come first.
    pub(super) fn pause(&self) -> Duration {
        match self.over_since.load(Ordering::Relaxed) {
            NEVER => Duration::ZERO,
            since => {
                let end = since.saturating_add(milliseconds(HEAD_START));
                Duration::from_millis(end.saturating_sub(self.now()))
            }
        }
    }

    fn now(&self) -> u64 {
        milliseconds(self.epoch.elapsed()).saturating_add(1)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    async fn assert_pause(outages: &Outages, pause: u64) {
        let pause = Duration::from_millis(pause);
        assert_eq!(outages.pause(), pause);
        advance(Duration::from_millis(700)).await;
        assert_eq!(outages.pause(), pause.saturating_sub(Duration::from_millis(700)));
        advance(HEAD_START).await;
        assert_eq!(outages.pause(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_long_outage_others_come_first() {
        let outages = Outages::new();
        for (outage, pause) in [(0, 0), (400, 0), (600, 1000), (75_000, 1000)] {
            outages.note(true, MOMENT);
            outages.note(false, MOMENT);
            advance(Duration::from_millis(outage)).await;
            outages.note(false, MOMENT);
            outages.note(true, MOMENT);
            outages.note(true, MOMENT);
            assert_pause(&outages, pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_waited_for_is_the_end_of_an_outage() {
        let outages = Outages::new();
        advance(Duration::from_secs(60)).await;
        for (took, pause) in [(400, 0), (600, 1000), (2900, 1000)] {
            outages.note(true, Duration::from_millis(took));
            assert_pause(&outages, pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_may_be_as_old_as_the_process() {
        let outages = Outages::new();
        let took = Duration::from_millis(600);
        advance(took).await;
        outages.note(false, took + MOMENT);
        outages.note(true, MOMENT);
        assert_pause(&outages, 1000).await;
    }
}
