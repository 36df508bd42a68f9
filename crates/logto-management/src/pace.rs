//! A rate limit: some requests at once, then a steady rate.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    burst: u32,
    /// When the next request would leave if none ever left at once.
    next: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(per_second: u32) -> Self {
        let per_second = per_second.max(1);
        Self {
            interval: Duration::from_secs(1) / per_second,
            burst: per_second,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the turn of this request; turns are given in the order of the calls.
    pub(crate) async fn turn(&self) {
        sleep_until(self.reserve()).await;
    }

    fn reserve(&self) -> Instant {
        let now = Instant::now();
        let credit = self.interval * (self.burst - 1);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = (*next).max(now);
        *next = turn + self.interval;
        turn.checked_sub(credit).map_or(now, |turn| turn.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_the_rate_leave_at_once_and_the_others_follow_steadily() {
        let (pace, start) = (Pace::new(4), Instant::now());
        let mut left = Vec::new();
        for _ in 0..6 {
            pace.turn().await;
            left.push(start.elapsed().as_millis());
        }
        assert_eq!(left, [0, 0, 0, 0, 250, 500]);
    }
}
