//! The right to refresh a session, which one instance has at a time: taken, kept, and given back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::held_lease::{HeldLease, Lease, State};
use super::store::Store;
use crate::error::Error;
use crate::storage::{Expect, Version};
use crate::tasks::beside;

/// How long the right to refresh lasts without a heartbeat. A holder may die after Logto has
/// replaced its refresh token, which Logto takes for 3 seconds more: what is left of them has to do
/// for the next look of a follower and its request to Logto.
pub(super) const LIFE: Duration = Duration::from_millis(1000);
/// Between two heartbeats: a slow one does not cost the lease.
const BEAT: Duration = Duration::from_millis(250);
/// After a heartbeat that the store did not take.
const BEAT_AGAIN: Duration = Duration::from_millis(100);

/// The leases of all sessions.
#[derive(Debug)]
pub(crate) struct Leases {
    store: Arc<Store>,
}

impl Leases {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Acquires a lease; `None` if another instance has it.
    pub(super) async fn acquire(&self, key: &str) -> Result<Option<Lease>, Error> {
        let owner = Version::random()?.number().to_be_bytes();
        let end = Instant::now() + LIFE;
        let version = self.store.put(key, owner.to_vec(), Expect::Absent, LIFE).await?;
        let key = key.to_owned();
        Ok(version.map(|version| Lease { key, owner, version, end, was_never_lost: true }))
    }

    /// Does the work with heartbeats, and gives the right back.
    pub(crate) async fn holding<T>(&self, held: &HeldLease, work: impl Future<Output = T>) -> T {
        let outcome = beside(self.beat(held), work).await;
        if let Some(lease) = held.take() {
            self.give_back(lease).await;
        }
        outcome
    }

    /// Does not end by itself.
    async fn beat(&self, held: &HeldLease) {
        let mut pause = BEAT;
        loop {
            tokio::time::sleep(pause).await;
            pause = BEAT;
            let state = std::mem::replace(&mut *held.state(), State::Taken);
            let lease = match state {
                State::Held(lease) => {
                    let end = lease.end;
                    let lease = self.prolong(lease).await;
                    if lease.as_ref().is_some_and(|lease| lease.end == end) {
                        pause = BEAT_AGAIN;
                    }
                    lease
                }
                // Its store may have been out of reach: the other one may be gone.
                State::Lost => self.acquire(&held.key).await.unwrap_or_default(),
                State::Taken => continue,
            };
            let whole = lease.as_ref().filter(|lease| lease.was_never_lost);
            held.validity().set(whole.map(|lease| lease.end));
            *held.state() = lease.map_or(State::Lost, State::Held);
        }
    }

    pub(super) async fn give_back(&self, Lease { key, version, .. }: Lease) {
        if let Err(error) = self.store.remove(&key, Some(version)).await {
            // It ends by itself soon.
            tracing::debug!(%error, "failed to release a refresh lease");
        }
    }

    /// `None` if another instance has it by now; what is under way is finished all the same.
    async fn prolong(&self, lease: Lease) -> Option<Lease> {
        match self.write_lease(&lease, Expect::Version(lease.version)).await {
            Ok(Some(lease)) => Some(lease),
            Ok(None) => self.regain(lease).await,
            Err(_) => Some(lease),
        }
    }

    /// Goes on with a lease that is not as it was left: an earlier heartbeat was stored although
    /// its answer was lost, or none came for too long and no other instance has the lease now.
    async fn regain(&self, mut lease: Lease) -> Option<Lease> {
        let Ok([entry]) = self.store.get([&lease.key]).await else {
            return Some(lease);
        };
        match &entry {
            Some(entry) => {
                let owner = self.store.open(&lease.key, entry);
                if owner.as_deref() != Some(&lease.owner[..]) {
                    return None;
                }
            }
            None => lease.was_never_lost = false,
        }
        match self.write_lease(&lease, Expect::after(entry.as_ref())).await {
            Ok(Some(lease)) => Some(lease),
            // The next heartbeat sees what is there.
            Ok(None) | Err(_) => Some(lease),
        }
    }

    async fn write_lease(&self, lease: &Lease, expect: Expect) -> Result<Option<Lease>, Error> {
        let end = Instant::now() + LIFE;
        let version = self.store.put(&lease.key, lease.owner.to_vec(), expect, LIFE).await?;
        let Lease { ref key, owner, was_never_lost, .. } = *lease;
        Ok(version.map(|version| Lease { key: key.clone(), owner, version, end, was_never_lost }))
    }
}
