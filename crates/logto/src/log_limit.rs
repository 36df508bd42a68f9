//! Rate limits for log lines that anyone can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// The limit of one kind of log line. Those in between are counted, and the next line tells how
/// many there were.
///
/// ```text
/// if let Some(suppressed) = limit.admit() {
///     tracing::warn!(%error, suppressed, "a back-channel logout was refused");
/// }
/// ```
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl LogLimit {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State { last: None, suppressed: 0 }))
    }

    /// Whether to write a line now: then the number of lines left out since the last one.
    pub(crate) fn admit(&self) -> Option<u64> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

/// A log line that many requests can cause: at most one in ten seconds from its place in the code.
///
/// ```text
/// limited!(warn, %error, "failed to update the last use of a session");
/// ```
macro_rules! limited {
    ($level:ident, $($line:tt)*) => {{
        static LIMIT: $crate::log_limit::LogLimit = $crate::log_limit::LogLimit::new();
        if let Some(suppressed) = LIMIT.admit() {
            tracing::$level!(suppressed, $($line)*);
        }
    }};
}
pub(crate) use limited;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_an_interval_and_the_next_one_counts_the_others() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        let admitted =
            [0, 1, 9, 10, 11, 25].map(|s| limit.admit_at(start + Duration::from_secs(s)));
        assert_eq!(admitted, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
