//! The list of each user's sessions, in the store.

use std::sync::Arc;
use std::time::Duration;

use super::LoadedSession;
use super::attempts::{ATTEMPTS, busy};
use super::store::Store;
use crate::error::Error;
use crate::session::{Device, ListEntry, SessionId, SessionList};
use crate::storage::Expect;

/// The session lists of all users.
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
        let session = ListEntry {
            id: loaded.session.id,
            started_at: loaded.session.started_at,
            known_marker: loaded.session.known_marker,
            is_stored: loaded.is_stored(),
            device,
        };
        let add = |list: &mut SessionList| {
            list.add(session, oldest);
            true
        };
        self.change(loaded.sub(), add).await
    }

    pub(super) async fn remove(&self, sub: &str, ids: &[SessionId]) -> Result<(), Error> {
        self.change(sub, |list| list.remove(ids)).await
    }

    /// `change` says whether there is anything to write.
    async fn change(
        &self,
        sub: &str,
        change: impl Fn(&mut SessionList) -> bool,
    ) -> Result<(), Error> {
        let key = self.store.entry_keys.session_list(sub);
        let ttl = Duration::from_secs(self.lifetime);
        for _ in 0..ATTEMPTS {
            let (mut list, expect) = self.find(sub).await?;
            if !change(&mut list) {
                return Ok(());
            }
            if self.store.put(&key, list.to_bytes(), expect, ttl).await?.is_some() {
                return Ok(());
            }
        }
        Err(busy())
    }

    pub(super) async fn find(&self, sub: &str) -> Result<(SessionList, Expect), Error> {
        let key = self.store.entry_keys.session_list(sub);
        let [entry] = self.store.get([&key]).await?;
        let expect = Expect::after(entry.as_ref());
        // One that cannot be read, because its secret is gone, lists sessions that cannot be read
        // either.
        let list = entry.and_then(|entry| self.store.open(&key, &entry));
        let list = list.as_deref().and_then(SessionList::from_bytes);
        Ok((list.unwrap_or_default(), expect))
    }
}
