//! One refresh of a session at a time, across processes.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::SessionManager;
use crate::error::Error;
use crate::session::SessionId;
use crate::storage::{Expect, Version};

/// How long the right to refresh lasts without a sign of life. A holder may die right after Logto
/// has replaced its refresh token, which Logto takes for 3 seconds more: what is left of them has to
/// do for the next look of a follower (at most 200 ms later) and its request to Logto.
const LIFE: Duration = Duration::from_millis(1200);
/// Between two signs of life: a slow one does not cost the lease.
const BEAT: Duration = Duration::from_millis(300);

/// The right to refresh a session.
pub(crate) struct Lease {
    key: String,
    version: Version,
}

impl SessionManager {
    /// The lease, unless another instance has it.
    pub(crate) async fn lease(&self, id: SessionId) -> Result<Option<Lease>, Error> {
        let key = self.store_keys.lease(id);
        let version = self.store.put(&key, Vec::new(), Expect::Absent, LIFE).await?;
        Ok(version.map(|version| Lease { key, version }))
    }

    /// Does the work with signs of life, and gives the right back.
    pub(crate) async fn holding<T>(&self, lease: Lease, work: impl Future<Output = T>) -> T {
        let mut lease = Some(lease);
        let outcome = {
            let beats = async {
                loop {
                    tokio::time::sleep(BEAT).await;
                    if let Some(held) = lease.take() {
                        lease = self.prolong(held).await;
                    }
                }
            };
            // Side by side: a store that is slow must not keep the work from reading Logto's answer.
            let (mut work, mut beats) = (pin!(work), pin!(beats));
            poll_fn(|waker| {
                let outcome = work.as_mut().poll(waker);
                if outcome.is_pending() {
                    let _: Poll<()> = beats.as_mut().poll(waker);
                }
                outcome
            })
            .await
        };
        if let Some(Lease { key, version }) = lease
            && let Err(error) = self.store.remove(&key, Some(version)).await
        {
            // It ends by itself soon.
            tracing::debug!(%error, "a lease could not be given back");
        }
        outcome
    }

    /// `None` if another instance has it by now; what is under way is finished all the same.
    async fn prolong(&self, lease: Lease) -> Option<Lease> {
        let expect = Expect::Version(lease.version);
        match self.store.put(&lease.key, Vec::new(), expect, LIFE).await {
            Ok(Some(version)) => Some(Lease { version, ..lease }),
            Ok(None) => None,
            Err(_) => Some(lease),
        }
    }
}
