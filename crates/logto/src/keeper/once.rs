//! What may be taken up once only, by whichever instance is asked first.

use std::time::Duration;

use super::Keeper;
use crate::error::Error;
use crate::storage::{Expect, Version};

/// That something was taken up, to give it back.
pub(crate) struct Claim {
    key: String,
    version: Version,
}

impl Keeper {
    /// Takes a callback up; `None` if that was done before.
    ///
    /// A code that reaches Logto twice revokes everything that was issued for it, so a callback that
    /// is loaded twice, by an impatient person or a browser that retries, must not send it twice.
    pub(crate) async fn claim_callback(
        &self,
        state: &str,
        seconds: u64,
    ) -> Result<Option<Claim>, Error> {
        self.claim(self.names.callback(state), seconds).await
    }

    /// Takes a logout token up; `None` if that was done before.
    pub(crate) async fn claim_logout_token(
        &self,
        jti: &str,
        seconds: u64,
    ) -> Result<Option<Claim>, Error> {
        self.claim(self.names.logout_token(jti), seconds).await
    }

    /// Gives something back that could not be done.
    pub(crate) async fn give_back(&self, claim: Claim) {
        if let Err(error) = self.store.remove(&claim.key, Some(claim.version)).await {
            tracing::warn!(%error, "what was not done cannot be tried again");
        }
    }

    async fn claim(&self, key: String, seconds: u64) -> Result<Option<Claim>, Error> {
        let ttl = Duration::from_secs(seconds);
        let version = self
            .store
            .put(&key, Vec::new(), Expect::Absent, ttl)
            .await?;
        Ok(version.map(|version| Claim { key, version }))
    }
}
