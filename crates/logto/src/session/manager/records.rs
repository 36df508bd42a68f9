//! Sessions in the store, and what the store knows of sessions in cookies.

use std::sync::Arc;
use std::time::Duration;

use super::attempts::{ATTEMPTS, busy, in_attempts};
use super::held_lease::HeldLease;
use super::markers::CLOCKS;
use super::{EndingSession, LoadedSession, SessionBackend, SessionManager};
use crate::error::{Error, ErrorKind};
use crate::session::{Grant, Sealer, Session, unpack};
use crate::storage::{Entry, Expect};

/// For how long the store remembers what a refresh made of a session that is kept in a cookie:
/// until every browser has the new cookie. A new refresh token is remembered as long as the session
/// lives: the one in the old cookie is spent.
const NEWER_KEPT: Duration = Duration::from_secs(3600);

const REVOKED: u8 = 0;
const SESSION: u8 = 1;

/// What the store holds under a session's key.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// The session has ended.
    Revoked,
    /// The session, or what is newer than its cookie.
    Session(LoadedSession),
}

/// A session as the store has it.
pub(crate) struct FoundSession {
    pub(crate) loaded: LoadedSession,
    /// What a writer of it expects to find.
    expect: Expect,
}

impl SessionManager {
    /// Stores a new session, in several attempts: the code that it comes from is spent.
    pub(super) async fn create(&self, session: &Session, now: u64) -> Result<(), Error> {
        let key = self.store.entry_keys.session(session.id);
        let ttl = self.seconds_left(session, now);
        let put = || self.store.put(&key, self.bytes_of(session), Expect::Absent, ttl);
        // What is there is ours, of an attempt whose answer was lost: the id is random.
        in_attempts(put).await.map(drop)
    }

    /// The session as it is now, others' changes included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it has ended.
    pub(crate) async fn latest(&self, loaded: &LoadedSession) -> Result<LoadedSession, Error> {
        Ok(self.find(loaded).await?.loaded)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    ///
    /// As [`latest`](Self::latest).
    pub(crate) async fn find(&self, loaded: &LoadedSession) -> Result<FoundSession, Error> {
        let key = self.store.entry_keys.session(loaded.session.id);
        let [entry] = self.store.get([&key]).await?;
        let latest = self.merge(loaded, self.record(&key, entry.as_ref(), loaded.backend)?)?;
        Ok(FoundSession { loaded: latest, expect: Expect::after(entry.as_ref()) })
    }

    /// Changes the session, whatever others change at the same time. A session that has ended stays
    /// over. `change` says whether there is anything to write.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it has ended.
    pub(crate) async fn update(
        &self,
        loaded: &LoadedSession,
        now: u64,
        change: impl Fn(&mut Session) -> bool,
    ) -> Result<LoadedSession, Error> {
        self.change(loaded, None, None, now, change).await
    }

    /// The same for a session that was found under a lease, which is given back together with what
    /// is stored.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    pub(crate) async fn update_under(
        &self,
        lease: &HeldLease,
        loaded: &LoadedSession,
        found: Option<FoundSession>,
        now: u64,
        change: impl Fn(&mut Session) -> bool,
    ) -> Result<LoadedSession, Error> {
        self.change(loaded, found, Some(lease), now, change).await
    }

    async fn change(
        &self,
        loaded: &LoadedSession,
        mut found: Option<FoundSession>,
        lease: Option<&HeldLease>,
        now: u64,
        change: impl Fn(&mut Session) -> bool,
    ) -> Result<LoadedSession, Error> {
        let key = self.store.entry_keys.session(loaded.session.id);
        for _ in 0..ATTEMPTS {
            let FoundSession { loaded: latest, expect } = match found.take() {
                Some(found) if !self.pending.has(loaded.session.id) => found,
                _ => self.find(loaded).await?,
            };
            let mut session = latest.session.clone();
            if !change(&mut session) {
                return Ok(latest);
            }
            session.revision += 1;
            let left = self.seconds_left(&session, now);
            let rotated = session.refresh_token() != loaded.session.refresh_token();
            let ttl = match loaded.backend {
                SessionBackend::Cookie if !rotated && self.cookies.fit(&session) => {
                    left.min(NEWER_KEPT)
                }
                SessionBackend::Cookie | SessionBackend::Store => left,
            };
            let bytes = self.bytes_of(&session);
            let stored = match lease {
                Some(lease) => lease.put(&self.store, &key, bytes, expect, ttl).await?,
                None => self.store.put(&key, bytes, expect, ttl).await?.is_some(),
            };
            if stored {
                return Ok(LoadedSession { session, backend: loaded.backend });
            }
        }
        Err(busy())
    }

    /// Ends a session: one in the store is removed, one in cookies gets a tombstone there that
    /// outlives them. Returns the refresh token that it had in the end, to be revoked.
    pub(crate) async fn end(&self, session: &EndingSession) -> Result<Option<String>, Error> {
        self.watched.end(session.id);
        let key = self.store.entry_keys.session(session.id);
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([&key]).await?;
            let ended = match (session.backend, &entry) {
                (SessionBackend::Store, None) => true,
                // In cookie mode an older cookie of this session may hold all of it.
                (SessionBackend::Store, Some(entry)) if self.backend == SessionBackend::Store => {
                    self.store.remove(&key, Some(entry.version)).await?
                }
                (_, entry) => {
                    // As long as a session that began now, so that it is no matter how far the
                    // clock of this instance is ahead of those that still accept the cookie.
                    let ttl = Duration::from_secs(self.expiry.lifetime.saturating_add(CLOCKS));
                    let expect = Expect::after(entry.as_ref());
                    let tombstone = self.store.put(&key, vec![REVOKED], expect, ttl);
                    tombstone.await?.is_some()
                }
            };
            if !ended {
                continue;
            }
            self.store.announce_end(&key).await;
            if (session.backend == SessionBackend::Store || self.lists_cookies)
                && let Err(error) = self.lists.remove(&session.sub, &[session.id]).await
            {
                // The list is made of what is there.
                tracing::debug!(
                    %error,
                    "failed to remove an ended session from the session list of its user"
                );
            }
            return Ok(match self.record(&key, entry.as_ref(), session.backend) {
                Ok(Some(Record::Session(newer))) if newer.session.revision >= session.revision => {
                    newer.session.refresh_token().map(str::to_owned)
                }
                _ => session.refresh_token.clone(),
            });
        }
        Err(busy())
    }

    /// The newer of what a request brought and what the store has.
    pub(super) fn merge(
        &self,
        loaded: &LoadedSession,
        record: Option<Record>,
    ) -> Result<LoadedSession, Error> {
        if self.pending.has(loaded.session.id) {
            return Err(over());
        }
        match (record, loaded.backend) {
            (Some(Record::Revoked), _) | (None, SessionBackend::Store) => Err(over()),
            (Some(Record::Session(newer)), SessionBackend::Cookie)
                if newer.session.revision < loaded.session.revision =>
            {
                Ok(loaded.clone())
            }
            (Some(Record::Session(newer)), _) => Ok(newer),
            (None, SessionBackend::Cookie) => Ok(loaded.clone()),
        }
    }

    pub(super) fn record(
        &self,
        key: &str,
        entry: Option<&Entry>,
        backend: SessionBackend,
    ) -> Result<Option<Record>, Error> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let opened = self.store.open(key, entry);
        let session = match opened.as_deref() {
            Some([REVOKED]) => return Ok(Some(Record::Revoked)),
            Some([SESSION, packed @ ..]) => unpacked(&self.sealer, packed),
            _ => None,
        };
        let session = session.ok_or_else(|| {
            // A visitor cannot bring this about, as with a cookie.
            if let Some(suppressed) = self.unreadable_entries.admit() {
                tracing::warn!(
                    suppressed,
                    "a session in the store cannot be read and counts as ended: was the cookie \
                     secret changed, or the store?"
                );
            }
            Error::new(
                ErrorKind::SignInRequired,
                "the session cannot be read: was the cookie secret changed?",
            )
        })?;
        Ok(Some(Record::Session(LoadedSession { session, backend })))
    }

    /// Whether there is a session under a key, and not its end.
    pub(super) fn holds_session(&self, key: &str, entry: &Entry) -> bool {
        matches!(self.store.open(key, entry).as_deref(), Some([SESSION, ..]))
    }

    fn bytes_of(&self, session: &Session) -> Vec<u8> {
        let mut bytes = vec![SESSION];
        bytes.append(&mut self.sealer.packer().pack(session));
        bytes
    }
}

/// A session that was packed for the store.
pub(super) fn unpacked(sealer: &Arc<Sealer>, packed: &[u8]) -> Option<Session> {
    unpack(packed, |shown, grant: &[u8]| Grant::from_packed(shown, sealer, grant))
}

fn over() -> Error {
    Error::new(ErrorKind::SignInRequired, "the session has ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::manager::fixture::{self, manager, storing_manager};
    use crate::session::{Device, StoredTokens};
    use crate::storage::{MemoryStorage, Storage};

    const NOW: u64 = 1_795_342_500;

    /// A session in cookies, after so many changes.
    fn session(revision: u64, refresh_token: &str) -> LoadedSession {
        let mut loaded = fixture::loaded(NOW);
        let claims = Arc::clone(loaded.session.grant.claims());
        let refresh = Some(refresh_token.to_owned());
        loaded.session.revision = revision;
        loaded.session.grant = Grant::new(claims, StoredTokens { refresh, ..Default::default() });
        loaded
    }

    #[tokio::test]
    async fn a_session_that_has_ended_in_the_store_leaves_nothing_there() {
        let storage = Arc::new(MemoryStorage::new());
        let manager = storing_manager(Arc::clone(&storage) as _);
        let loaded = fixture::loaded(NOW).session;
        let loaded = manager.begin(loaded, Device::default(), NOW).await.unwrap();
        let key = manager.store.entry_keys.session(loaded.session.id);
        assert!(storage.get(&[&key]).await.unwrap()[0].is_some());
        manager.end(&(&loaded).into()).await.unwrap();
        assert!(storage.get(&[&key]).await.unwrap()[0].is_none());
    }

    #[tokio::test]
    async fn what_ended_says_so() {
        let manager = manager(Arc::new(MemoryStorage::new()));
        let loaded = session(0, "token");
        manager.end(&(&loaded).into()).await.unwrap();
        let error = manager.latest(&loaded).await.unwrap_err();
        assert!(error.needs_sign_in());
        assert_eq!(error.to_string(), over().to_string());
    }

    #[tokio::test]
    async fn what_makes_a_session_too_large_is_named() {
        let manager = storing_manager(Arc::new(MemoryStorage::new()));
        let loaded = session(0, &"r".repeat(200_000)).session;
        let error = manager.begin(loaded, Device::default(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SessionTooLarge);
        assert!(error.to_string().contains("the refresh token alone has 200000 bytes"), "{error}");
    }

    /// An older one is spent.
    #[tokio::test]
    async fn the_newest_refresh_token_is_left_to_be_revoked() {
        for (in_store, in_cookie, left) in [(2, 1, "stored"), (1, 2, "cookie")] {
            let manager = manager(Arc::new(MemoryStorage::new()));
            let mut loaded = session(in_store - 1, "before");
            let stored = session(in_store, "stored").session.grant;
            let change = |session: &mut Session| {
                session.grant = stored.clone();
                true
            };
            manager.update(&loaded, NOW, change).await.unwrap();
            let LoadedSession { session, .. } = session(in_cookie, "cookie");
            loaded.session = Session { id: loaded.session.id, ..session };
            let token = manager.end(&(&loaded).into()).await.unwrap();
            assert_eq!(token.as_deref(), Some(left));
        }
    }
}
