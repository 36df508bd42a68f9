//! The clock that sessions and tokens are measured with.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// A clock: the system's, plus an offset that tests may move. A test may also stop it.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// let clock = logto::Clock::system();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(3600));
/// assert!(clock.now() >= before + 3600);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    /// Milliseconds ahead of the system's clock.
    offset: AtomicI64,
    /// The system's time at which the clock was stopped, in milliseconds since the Unix epoch;
    /// [`RUNNING`] otherwise.
    stopped_at: AtomicI64,
}

/// Stands for a running clock; no system time has this value.
const RUNNING: i64 = i64::MIN;

impl Default for State {
    fn default() -> Self {
        Self { offset: AtomicI64::new(0), stopped_at: AtomicI64::new(RUNNING) }
    }
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Seconds since the Unix epoch; 0 for a system clock that stands before it.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.tick().0 / 1000
    }

    /// The last tick of the system, a few milliseconds ago: for what every request asks, as the
    /// time itself takes ten times as long to tell.
    pub(crate) fn tick(&self) -> Tick {
        let stopped_at = self.0.stopped_at.load(Ordering::Relaxed);
        let time = if stopped_at == RUNNING { millis_of(last_tick()) } else { stopped_at };
        let offset = self.0.offset.load(Ordering::Relaxed);
        Tick(u64::try_from(time.saturating_add(offset)).unwrap_or(0))
    }

    /// Stops this clock, and every clone of it: from now on only [`advance`](Self::advance) moves
    /// it, and a test does not depend on how fast it runs.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let clock = logto::Clock::system();
    /// clock.stop();
    /// let before = clock.now();
    /// clock.advance(Duration::from_secs(59));
    /// assert_eq!(clock.now(), before + 59);
    /// ```
    pub fn stop(&self) {
        let now = millis_of(last_tick());
        // One that is stopped already stays where it is.
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.0.stopped_at.compare_exchange(RUNNING, now, success, failure);
    }

    /// Moves this clock, and every clone of it, forward.
    pub fn advance(&self, by: Duration) {
        let by = millis_of(by);
        let add = |offset: i64| Some(offset.saturating_add(by));
        // It always adds something, so it never fails.
        let _ = self.0.offset.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

fn millis_of(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A time that Logto tells in milliseconds since the Unix epoch; `None` if the system has no such
/// time.
pub(crate) fn from_millis(millis: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

/// Milliseconds since the Unix epoch. Every other number that is a time is in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    pub(crate) fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The time since an earlier one; nothing if the clock was set back since.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }
}

/// Asks the C library, as `SystemTime` does (the feature `use-libc`): where a tool moves the time
/// of a process, both have to move.
#[cfg(target_os = "linux")]
fn last_tick() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::RealtimeCoarse).try_into().unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn last_tick() -> Duration {
    let time = SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_moved() {
        let clock = Clock::system();
        clock.stop();
        let before = clock.tick();
        while Clock::system().tick() <= before {
            std::thread::yield_now();
        }
        assert_eq!(clock.tick(), before);
        clock.stop();
        assert_eq!(clock.tick(), before);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.tick(), before.after(Duration::from_secs(1)));
    }

    #[test]
    fn parts_of_a_second_add_up_and_the_end_of_time_is_none() {
        let clock = Clock::system();
        let before = clock.tick();
        clock.advance(Duration::from_millis(600));
        clock.advance(Duration::from_millis(600));
        assert!(clock.tick() >= before.after(Duration::from_millis(1200)));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(clock.tick() > before);
    }
}
