//! When a request may be sent, and when it was.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::time::Instant;

/// When a request may be sent at the latest, and when it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dispatch {
    deadline: Option<Instant>,
    validity: Option<Validity>,
    sent_at: Arc<OnceLock<Instant>>,
}

/// Until when a permission is valid; it ends by itself unless it is extended.
#[derive(Clone, Debug)]
pub(crate) struct Validity(Arc<Mutex<Option<Instant>>>);

impl Dispatch {
    /// Of a request that is of no use, or does harm, if it is sent later.
    pub(crate) fn before(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..Self::default() }
    }

    /// Of a request that does harm if it is sent without this permission.
    pub(crate) fn while_valid(validity: &Validity) -> Self {
        Self { validity: Some(validity.clone()), ..Self::default() }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline < Instant::now())
            || self.validity.as_ref().is_some_and(|validity| !validity.holds())
    }

    pub(super) fn mark_sent(&self) {
        let _ = self.sent_at.set(Instant::now());
    }

    /// When the request was sent; `None` while it waits, or if it never was.
    pub(crate) fn sent_at(&self) -> Option<Instant> {
        self.sent_at.get().copied()
    }
}

impl Validity {
    pub(crate) fn until(end: Instant) -> Self {
        Self(Arc::new(Mutex::new(Some(end))))
    }

    /// Extends it, or ends it for good. One that has ended stays so.
    pub(crate) fn set(&self, end: Option<Instant>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *current = current.and(end);
    }

    pub(crate) fn holds(&self) -> bool {
        let end = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        end.is_some_and(|end| Instant::now() < end)
    }
}
