//! Deletes expired entries now and then; they are invisible at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use logto::storage::StorageError;

const INTERVAL: Duration = Duration::from_secs(300);
/// Rows that are deleted in one statement, so that none takes long.
pub(crate) const BATCH: u32 = 1000;

/// When this process sweeps. That others do too does no harm.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    last: Mutex<Option<Instant>>,
}

impl Sweeps {
    /// Sweeps in the background, if it is time: at the first call, and five minutes after the last.
    pub(crate) fn when_due<F>(&self, sweep: impl FnOnce() -> F)
    where
        F: Future<Output = Result<u64, StorageError>> + Send + 'static,
    {
        if !self.is_due() {
            return;
        }
        let sweep = sweep();
        tokio::spawn(async move {
            if let Err(error) = sweep.await {
                tracing::warn!(%error, "failed to delete expired entries");
            }
        });
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}
