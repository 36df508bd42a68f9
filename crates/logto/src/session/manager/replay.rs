//! Replay guards: claims on what may be used once, across instances.

use std::sync::Arc;
use std::time::Duration;

use super::store::Store;
use crate::error::Error;
use crate::log_limit::limited;
use crate::session::Sealer;
use crate::storage::{Entry, Expect, Version};

/// What may be used once: callbacks, logout tokens, webhooks.
#[derive(Debug)]
pub(crate) struct ReplayGuards {
    pub(super) store: Arc<Store>,
    pub(super) sealer: Arc<Sealer>,
}

/// That something was taken up, to give it back.
pub(crate) struct ReplayGuard {
    pub(super) key: String,
    pub(super) version: Version,
}

impl ReplayGuards {
    pub(super) fn new(store: Arc<Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    /// Takes a callback up for `owner`; `None` if another one did before.
    ///
    /// A code that reaches Logto twice revokes everything that was issued for it, so a callback
    /// that is loaded twice, by an impatient user or a browser that retries, must not send it
    /// twice. A write that was given up may have been stored all the same: the owner knows it
    /// as its own.
    pub(crate) async fn claim_callback(
        &self,
        sign_in: &str,
        owner: &[u8],
        seconds: u64,
    ) -> Result<Option<ReplayGuard>, Error> {
        self.claim_for(self.store.entry_keys.callback(sign_in), owner, seconds).await
    }

    /// Takes a webhook up for `owner`, by the hash of its body; `false` if another one did before.
    pub(crate) async fn claim_webhook(
        &self,
        hash: &[u8],
        owner: &[u8],
        seconds: u64,
    ) -> Result<bool, Error> {
        let guard = self.claim_for(self.store.entry_keys.webhook(hash), owner, seconds).await?;
        Ok(guard.is_some())
    }

    /// Whether a logout token was carried out.
    pub(crate) async fn is_carried_out(&self, jti: &str) -> Result<bool, Error> {
        let [entry] = self.store.get([&self.store.entry_keys.logout_token(jti)]).await?;
        Ok(entry.is_some())
    }

    /// Notes that a logout token was carried out. Only then: one that met an outage must work
    /// later, and ending the same sessions twice at the same time does no harm.
    pub(crate) async fn note_carried_out(&self, jti: &str, seconds: u64) -> Result<(), Error> {
        let key = self.store.entry_keys.logout_token(jti);
        self.claim(&key, &[], seconds).await.map(drop)
    }

    /// Gives a callback back whose code was not redeemed.
    pub(crate) async fn release(&self, guard: ReplayGuard) {
        if let Err(error) = self.store.remove(&guard.key, Some(guard.version)).await {
            limited!(
                warn,
                %error,
                "failed to release the callback's replay guard; another instance will reject a retry"
            );
        }
    }

    async fn claim_for(
        &self,
        key: String,
        owner: &[u8],
        seconds: u64,
    ) -> Result<Option<ReplayGuard>, Error> {
        if let Some(version) = self.claim(&key, owner, seconds).await? {
            return Ok(Some(ReplayGuard { key, version }));
        }
        let [entry] = self.store.get([&key]).await?;
        let own = |entry: &Entry| self.store.open(&key, entry).is_some_and(|value| value == owner);
        let version = entry.filter(own).map(|entry| entry.version);
        Ok(version.map(|version| ReplayGuard { key, version }))
    }

    async fn claim(&self, key: &str, owner: &[u8], seconds: u64) -> Result<Option<Version>, Error> {
        let ttl = Duration::from_secs(seconds);
        self.store.put(key, owner.to_vec(), Expect::Absent, ttl).await
    }
}
