//! The list of each user's sessions, in the store.

use std::sync::Arc;
use std::time::Duration;

use super::LoadedSession;
use super::attempts::{ATTEMPTS, busy};
use super::store::Store;
use crate::error::Error;
use crate::session::{Device, Index, Indexed, SessionId};
use crate::storage::Expect;

/// The session lists of all people.
#[derive(Debug)]
pub(super) struct SessionLists {
    store: Arc<Store>,
    /// The longest lifetime of a session, and so of a list, in seconds.
    lifetime: u64,
}

impl SessionLists {
    pub(super) fn new(store: Arc<Store>, lifetime: u64) -> Self {
        Self { store, lifetime }
    }

    pub(super) async fn add(
        &self,
        loaded: &LoadedSession,
        device: Device,
        now: u64,
    ) -> Result<(), Error> {
        let oldest = now.saturating_sub(self.lifetime);
        let session = Indexed {
            id: loaded.session.id,
            started_at: loaded.session.started_at,
            known_marker: loaded.session.known_marker,
            is_stored: loaded.is_stored(),
            device,
        };
        let add = |index: &mut Index| {
            index.add(session, oldest);
            true
        };
        self.change(loaded.sub(), add).await
    }

    pub(super) async fn remove(&self, sub: &str, ids: &[SessionId]) -> Result<(), Error> {
        self.change(sub, |index| index.remove(ids)).await
    }

    /// `change` says whether there is anything to write.
    async fn change(&self, sub: &str, change: impl Fn(&mut Index) -> bool) -> Result<(), Error> {
        let key = self.store.entry_keys.index(sub);
        let ttl = Duration::from_secs(self.lifetime);
        for _ in 0..ATTEMPTS {
            let (mut index, expect) = self.of(sub).await?;
            if !change(&mut index) {
                return Ok(());
            }
            if self.store.put(&key, index.to_bytes(), expect, ttl).await?.is_some() {
                return Ok(());
            }
        }
        Err(busy())
    }

    pub(super) async fn of(&self, sub: &str) -> Result<(Index, Expect), Error> {
        let key = self.store.entry_keys.index(sub);
        let [entry] = self.store.get([&key]).await?;
        let expect = Expect::after(entry.as_ref());
        // One that cannot be read, because its secret is gone, lists sessions that cannot be read
        // either.
        let index = entry.and_then(|entry| self.store.open(&key, &entry));
        let index = index.as_deref().and_then(Index::from_bytes);
        Ok((index.unwrap_or_default(), expect))
    }
}
