//! Bytes that the values of a cache may take together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit, and what is taken of it.
///
/// A value that grows while it is kept takes its bytes without asking, and gives them back at its
/// end: the cache makes room the next time that it is used. Meanwhile they belong to the request
/// that made the value grow.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    taken: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.taken() > self.limit
    }

    pub(crate) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}
