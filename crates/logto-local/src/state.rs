//! The state that every request handler shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::log::Log;
use crate::store::Store;

/// The running tenant.
pub(crate) struct Tenant {
    /// `http://localhost:<port>`
    pub(crate) endpoint: String,
    /// `<endpoint>/oidc`
    pub(crate) issuer: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) cookie_key: hmac::Key,
    pub(crate) http: reqwest::Client,
    pub(crate) store: Mutex<Store>,
}

pub(crate) type Shared = Arc<Tenant>;

impl Tenant {
    /// Locks the data of the tenant. The lock is never held across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
