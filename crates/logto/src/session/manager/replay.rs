//! What may be taken up once only, by whichever instance is asked first.

use std::time::Duration;

use super::SessionManager;
use crate::error::Error;
use crate::storage::{Expect, Version};

/// That something was taken up, to give it back.
pub(crate) struct ReplayGuard {
    key: String,
    version: Version,
}

impl SessionManager {
    /// Takes a callback up; `None` if that was done before.
    ///
    /// A code that reaches Logto twice revokes everything that was issued for it, so a callback that
    /// is loaded twice, by an impatient person or a browser that retries, must not send it twice.
    pub(crate) async fn claim_callback(
        &self,
        state: &str,
        seconds: u64,
    ) -> Result<Option<ReplayGuard>, Error> {
        self.claim(self.store_keys.callback(state), seconds).await
    }

    /// Whether a logout token was carried out.
    pub(crate) async fn is_carried_out(&self, jti: &str) -> Result<bool, Error> {
        let [entry] = self.store.get([&self.store_keys.logout_token(jti)]).await?;
        Ok(entry.is_some())
    }

    /// Notes that a logout token was carried out. Only then: one that met an outage must work later,
    /// and ending the same sessions twice at the same time does no harm.
    pub(crate) async fn note_carried_out(&self, jti: &str, seconds: u64) -> Result<(), Error> {
        let key = self.store_keys.logout_token(jti);
        self.claim(key, seconds).await.map(drop)
    }

    /// Gives something back that could not be done.
    pub(crate) async fn release(&self, claim: ReplayGuard) {
        if let Err(error) = self.store.remove(&claim.key, Some(claim.version)).await {
            tracing::warn!(%error, "what was not done cannot be tried again");
        }
    }

    async fn claim(&self, key: String, seconds: u64) -> Result<Option<ReplayGuard>, Error> {
        let ttl = Duration::from_secs(seconds);
        let version = self.store.put(&key, Vec::new(), Expect::Absent, ttl).await?;
        Ok(version.map(|version| ReplayGuard { key, version }))
    }
}
