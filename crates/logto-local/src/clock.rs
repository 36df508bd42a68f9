//! The time of the tenant, which a test can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of a tenant: real time plus an offset that a test chooses.
///
/// Everything that expires in the tenant (codes, tokens, sessions) reads this clock,
/// and tokens carry its time. Clones are the same clock.
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
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The time as the tenant sees it.
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.millis())
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.offset_ms.fetch_add(
            by.as_millis().try_into().unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }

    /// Sets the clock, forward or back; it goes on running from there.
    pub fn set(&self, to: SystemTime) {
        self.offset_ms.store(
            millis_of(to) - millis_of(SystemTime::now()),
            Ordering::SeqCst,
        );
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        let real = millis_of(SystemTime::now());
        real.saturating_add(self.offset_ms.load(Ordering::SeqCst))
            .try_into()
            .unwrap_or(0)
    }

    /// Seconds since 1970, as in tokens.
    pub(crate) fn seconds(&self) -> u64 {
        self.millis() / 1000
    }
}

fn millis_of(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(i64::MAX)
}
