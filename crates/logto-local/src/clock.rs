//! The clock of the tenant, which a test can move.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of a tenant: real time, until a test moves or stops it.
///
/// Everything that expires in the tenant (codes, tokens, sessions) reads this clock,
/// and tokens carry its time. Clones are the same clock.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), logto_local::Error> {
/// # use std::time::Duration;
/// let tenant = logto_local::LocalTenant::start().await?;
/// let before = tenant.clock().now();
/// tenant.clock().advance(Duration::from_secs(61)); // every authorization code is now too old
/// assert!(tenant.clock().now() >= before + Duration::from_secs(61));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// Milliseconds ahead of real time.
    Running(i64),
    /// Milliseconds since 1970.
    Stopped(i64),
}

impl Default for Hands {
    fn default() -> Self {
        Self::Running(0)
    }
}

impl Clock {
    /// The time as the tenant sees it.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.millis())
    }

    /// Moves the clock forward, running or stopped.
    pub fn advance(&self, by: Duration) {
        let by = by.as_millis().try_into().unwrap_or(i64::MAX);
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running(ahead) => Hands::Running(ahead.saturating_add(by)),
            Hands::Stopped(at) => Hands::Stopped(at.saturating_add(by)),
        };
    }

    /// Sets the clock, forward or back; it goes on from there if it is running.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // A Logto whose clock is five minutes behind.
    /// tenant.clock().set(SystemTime::now() - Duration::from_secs(300));
    /// assert!(tenant.clock().now() < SystemTime::now());
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&self, to: SystemTime) {
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running(_) => Hands::Running(millis_of(to) - millis_of(SystemTime::now())),
            Hands::Stopped(_) => Hands::Stopped(millis_of(to)),
        };
    }

    /// Stops the clock at the present time: from now on only [`advance`](Self::advance) and
    /// [`set`](Self::set) move it, and a test does not depend on how fast it runs.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// tenant.clock().stop();
    /// let before = tenant.clock().now();
    /// tenant.clock().advance(Duration::from_secs(3600));
    /// assert_eq!(tenant.clock().now(), before + Duration::from_secs(3600));
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(&self) {
        let mut hands = self.hands();
        *hands = Hands::Stopped(reading(*hands));
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        reading(*self.hands()).try_into().unwrap_or(0)
    }

    /// Seconds since 1970, as in tokens.
    pub(crate) fn seconds(&self) -> u64 {
        self.millis() / 1000
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reading(hands: Hands) -> i64 {
    match hands {
        Hands::Running(ahead) => millis_of(SystemTime::now()).saturating_add(ahead),
        Hands::Stopped(at) => at,
    }
}

fn millis_of(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(i64::MAX)
}
