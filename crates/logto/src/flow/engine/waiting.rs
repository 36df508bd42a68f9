//! Bounds on what waits for the store.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Logouts that wait for the store.
const MOST_LOGOUTS: usize = 10_000;
/// Bytes of deliveries under way, which wait here while the store does not answer.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a delivery beside its body.
const OVERHEAD: usize = 1024;

/// Bounds the logouts that wait for the store.
pub(crate) struct WaitingLogouts(Arc<Semaphore>);

impl Default for WaitingLogouts {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LOGOUTS)))
    }
}

impl WaitingLogouts {
    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        MOST_LOGOUTS.saturating_sub(self.0.available_permits())
    }

    /// A permit to wait; `None` if too many do.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

impl fmt::Debug for WaitingLogouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingLogouts").field("waiting", &self.count()).finish()
    }
}

/// Bounds the deliveries under way, in bytes.
#[derive(Debug)]
pub(crate) struct Deliveries {
    bytes: Arc<Semaphore>,
    /// Shared by those under way.
    under_way: Arc<()>,
}

/// Lets one delivery be under way until it is dropped.
#[derive(Debug)]
pub(crate) struct DeliveryPermit {
    _bytes: OwnedSemaphorePermit,
    _under_way: Arc<()>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { bytes: Arc::new(Semaphore::new(MOST_BYTES)), under_way: Arc::default() }
    }
}

impl Deliveries {
    /// How many are under way.
    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.under_way).saturating_sub(1)
    }

    /// A permit for a delivery with this body; `None` if too much is under way.
    pub(crate) fn admit(&self, body: &[u8]) -> Option<DeliveryPermit> {
        let bytes = u32::try_from(body.len().saturating_add(OVERHEAD)).ok()?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).ok()?;
        Some(DeliveryPermit { _bytes: bytes, _under_way: Arc::clone(&self.under_way) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_under_way_are_bounded_in_bytes() {
        let deliveries = Deliveries::default();
        let body = vec![0; 1024 * 1024 - OVERHEAD];
        let mut under_way: Vec<_> = (0..16).map(|_| deliveries.admit(&body).unwrap()).collect();
        assert!(deliveries.admit(b"{}").is_none());
        assert_eq!(deliveries.count(), 16);
        under_way.pop();
        assert!(deliveries.admit(&body).is_some());
    }

    #[test]
    fn waiting_logouts_are_counted_and_bounded() {
        let waiting = WaitingLogouts::default();
        let mut permits: Vec<_> = (0..MOST_LOGOUTS).map(|_| waiting.admit().unwrap()).collect();
        assert!(waiting.admit().is_none());
        permits.truncate(2);
        assert_eq!(waiting.count(), 2);
    }
}
