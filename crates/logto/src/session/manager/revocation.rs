//! All sessions of a person: which there are, and their end.

use std::time::Duration;

use super::records::{ATTEMPTS, Record, busy};
use super::{LoadedSession, SessionBackend, SessionManager};
use crate::crypto::encoding;
use crate::error::Error;
use crate::session::{Index, Indexed, Session, SessionId};
use crate::storage::{Entry, Expect};

/// One session of a person, for a page that lists them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionInfo {
    /// What names it towards [`end_session`](crate::Logto::end_session). It signs nobody in.
    pub id: String,
    /// When the person signed in, in seconds since the Unix epoch.
    pub started_at: u64,
    /// When it was last in use, in seconds since the Unix epoch: with an idle lifetime as exact as
    /// its renewal interval, otherwise the time of the last refresh.
    pub last_used_at: u64,
}

impl SessionManager {
    /// Says that all sessions of a person that began before now are over.
    pub(crate) async fn end_person(&self, sub: &str, now: u64) -> Result<(), Error> {
        self.mark(&self.store_keys.end_of_person(sub), now).await
    }

    /// Says that the sessions which come from one session at Logto are over.
    pub(crate) async fn end_logto_session(&self, sid: &str, now: u64) -> Result<(), Error> {
        self.mark(&self.store_keys.end_of_logto_session(sid), now).await
    }

    /// Whether the session at Logto that a new session comes from ended after this second, in which
    /// its sign-in began. Another sign-in may begin that one again, if Logto names it so.
    pub(crate) async fn has_ended_since(
        &self,
        session: &Session,
        begun_at: u64,
    ) -> Result<bool, Error> {
        let Some(sid) = &session.grant.claims().sid else {
            return Ok(false);
        };
        let key = self.store_keys.end_of_logto_session(sid);
        let [mark] = self.store.get([&key]).await?;
        let end_of_second = begun_at.saturating_mul(1000).saturating_add(999);
        Ok(self.is_over(&key, mark.as_ref(), end_of_second))
    }

    async fn mark(&self, key: &str, now_in_milliseconds: u64) -> Result<(), Error> {
        // As long as the longest session that it ends.
        let ttl = Duration::from_secs(self.expiry.lifetime);
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([key]).await?;
            let value = now_in_milliseconds.to_be_bytes().to_vec();
            let expect = Expect::after(entry.as_ref());
            if self.store.put(key, value, expect, ttl).await?.is_some() {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Whether a mark ends a session that began at this time, in milliseconds.
    pub(super) fn is_over(&self, key: &str, mark: Option<&Entry>, started_at: u64) -> bool {
        let Some(mark) = mark else {
            return false;
        };
        let since = self.store.open(key, mark);
        let since = since.and_then(|since| since.try_into().ok().map(u64::from_be_bytes));
        // One that cannot be read was meant to end something.
        since.is_none_or(|since| started_at <= since)
    }

    /// The sessions that the store keeps for a person, oldest first.
    pub(crate) async fn sessions_of(
        &self,
        sub: &str,
        now: u64,
    ) -> Result<Vec<LoadedSession>, Error> {
        let (index, _) = self.index(sub).await?;
        let names: Vec<_> =
            index.sessions().iter().map(|s| self.store_keys.session(s.id)).collect();
        let person = self.store_keys.end_of_person(sub);
        let mut keys: Vec<&str> = names.iter().map(String::as_str).collect();
        keys.push(&person);
        let mut entries = self.store.get_all(&keys).await?;
        let end = entries.pop().flatten();
        let mut sessions = Vec::new();
        for (key, entry) in names.iter().zip(&entries) {
            let Ok(Some(Record::Session(held))) =
                self.record(key, entry.as_ref(), SessionBackend::Store)
            else {
                continue;
            };
            let live = now < self.expiry.ends_at(&held.session)
                && !self.is_over(&person, end.as_ref(), held.session.started_at);
            if live {
                sessions.push(held);
            }
        }
        Ok(sessions)
    }

    /// What may be told of a session.
    pub(crate) fn info(&self, session: &Session) -> SessionInfo {
        let hash = encoding::sha256(&[b"handle\n", session.id.as_bytes()]);
        SessionInfo {
            id: encoding::encode(hash),
            started_at: session.started_at / 1000,
            last_used_at: session.last_used_at,
        }
    }

    pub(super) async fn list(&self, held: &LoadedSession, now: u64) -> Result<(), Error> {
        let oldest = now.saturating_sub(self.expiry.lifetime).saturating_mul(1000);
        let session = Indexed { id: held.session.id, started_at: held.session.started_at };
        let add = |index: &mut Index| {
            index.add(session, oldest);
            true
        };
        self.change_index(held.sub(), add).await
    }

    pub(crate) async fn unlist(&self, sub: &str, ids: &[SessionId]) -> Result<(), Error> {
        self.change_index(sub, |index| index.remove(ids)).await
    }

    /// `change` says whether there is anything to write.
    async fn change_index(
        &self,
        sub: &str,
        change: impl Fn(&mut Index) -> bool,
    ) -> Result<(), Error> {
        let key = self.store_keys.index(sub);
        let ttl = Duration::from_secs(self.expiry.lifetime);
        for _ in 0..ATTEMPTS {
            let (mut index, expect) = self.index(sub).await?;
            if !change(&mut index) {
                return Ok(());
            }
            if self.store.put(&key, index.to_bytes(), expect, ttl).await?.is_some() {
                return Ok(());
            }
        }
        Err(busy())
    }

    async fn index(&self, sub: &str) -> Result<(Index, Expect), Error> {
        let key = self.store_keys.index(sub);
        let [entry] = self.store.get([&key]).await?;
        let expect = Expect::after(entry.as_ref());
        // One that cannot be read, because its secret is gone, lists sessions that cannot be read
        // either.
        let index = entry.and_then(|entry| self.store.open(&key, &entry));
        let index = index.as_deref().and_then(Index::from_bytes);
        Ok((index.unwrap_or_default(), expect))
    }
}
