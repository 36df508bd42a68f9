//! Asks the store about sessions whose end something waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::sync::Notify;

use super::records::Record;
use super::store_keys::EndKeys;
use super::{LoadedSession, SessionBackend, SessionManager, WatchedSession};
use crate::error::Error;
use crate::storage::Entry;

/// Sessions that the store is asked about at once. Each takes up to three keys.
const BATCH: usize = 256;

impl SessionManager {
    /// Waits for the end of a session.
    pub(crate) fn watch(&self, loaded: &LoadedSession) -> Arc<WatchedSession> {
        let session = &loaded.session;
        self.watched.watch(WatchedSession {
            id: session.id,
            key: self.store.entry_keys.session(session.id),
            ends: self.store.entry_keys.ends(loaded.sub(), loaded.sid()),
            started_at: session.started_at,
            known_marker: session.known_marker,
            backend: loaded.backend,
            ends_at: AtomicU64::new(self.expiry.ends_at(session)),
            has_ended: AtomicBool::new(false),
            changed: Notify::new(),
        })
    }

    /// Asks the store about sessions that are waited for, and ends the waiting for those that are
    /// over: how many these were.
    pub(crate) async fn check_watched(
        &self,
        sessions: &[Arc<WatchedSession>],
        now: u64,
    ) -> Result<usize, Error> {
        let mut ended = 0;
        for batch in sessions.chunks(BATCH) {
            let keys = batch.iter().flat_map(|watched| {
                let WatchedSession { key, ends: EndKeys { user, logto }, .. } = &**watched;
                [key, user, logto]
            });
            let keys: Vec<&str> = keys.map(String::as_str).collect();
            let mut entries = self.store.get_all(&keys).await?.into_iter();
            for watched in batch {
                let [session, user, logto] = [(); 3].map(|()| entries.next().flatten());
                if self.is_watched_over(watched, [&session, &user, &logto], now) {
                    self.watched.end(watched.id);
                    ended += 1;
                }
            }
        }
        Ok(ended)
    }

    fn is_watched_over(
        &self,
        watched: &WatchedSession,
        [session, user, logto]: [&Option<Entry>; 3],
        now: u64,
    ) -> bool {
        let WatchedSession { id, key: at, ends, started_at, known_marker, .. } = watched;
        let ended_at_logto = self.markers.is_over(&ends.logto, logto.as_ref(), *started_at, None);
        if self.pending.has(*id)
            || ended_at_logto
            || self.markers.is_over(&ends.user, user.as_ref(), *started_at, *known_marker)
        {
            return true;
        }
        let Some(entry) = session else {
            // A session in cookies leaves nothing in the store.
            return watched.backend == SessionBackend::Store || now >= watched.ends_at();
        };
        if now < watched.ends_at() {
            return !self.holds_session(at, entry);
        }
        match self.record(at, Some(entry), watched.backend) {
            Ok(Some(Record::Session(loaded))) => {
                self.watched.lives_until(*id, self.expiry.ends_at(&loaded.session));
                now >= watched.ends_at()
            }
            _ => true,
        }
    }
}
