//! Sessions in the store, and what the store knows of sessions in cookies.

use std::time::Duration;

use super::{LoadedSession, SessionBackend, SessionManager};
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::storage::{Entry, Expect};

/// For how long the store remembers what a refresh made of a session that is kept in a cookie: until
/// every browser has the new cookie. A new refresh token is remembered as long as the session lives:
/// the one in the old cookie is spent.
const NEWER_KEPT: Duration = Duration::from_secs(3600);
/// Attempts to write beside others; each fails only if somebody else's succeeded.
pub(super) const ATTEMPTS: usize = 20;
/// Between attempts to store a new session.
const CREATE_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

const REVOKED: u8 = 0;
const SESSION: u8 = 1;

/// What the store holds under a session's key.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// The session is over.
    Revoked,
    /// The session, or what is newer than its cookie.
    Session(LoadedSession),
}

impl SessionManager {
    /// Stores a new session, in several attempts: the code that it comes from is spent.
    pub(super) async fn create(&self, session: &Session, now: u64) -> Result<(), Error> {
        let key = self.store_keys.session(session.id);
        let ttl = self.seconds_left(session, now);
        let mut pauses = CREATE_PAUSES.into_iter();
        loop {
            let put = self.store.put(&key, self.bytes_of(session), Expect::Absent, ttl);
            match (put.await, pauses.next()) {
                // What is there is ours, of an attempt whose answer was lost: the id is random.
                (Ok(_), _) => return Ok(()),
                (Err(error), None) => return Err(error),
                (Err(_), Some(pause)) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// The session as it is now, others' changes included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it is over.
    pub(crate) async fn latest(&self, held: &LoadedSession) -> Result<LoadedSession, Error> {
        let key = self.store_keys.session(held.session.id);
        let [entry] = self.store.get([&key]).await?;
        self.merge(held, self.record(&key, entry.as_ref(), held.backend)?)
    }

    /// Changes the session, whatever others change at the same time. A session that is over stays
    /// over. `change` says whether there is anything to write.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it is over.
    pub(crate) async fn update(
        &self,
        held: &LoadedSession,
        now: u64,
        change: impl Fn(&mut Session) -> bool,
    ) -> Result<LoadedSession, Error> {
        let key = self.store_keys.session(held.session.id);
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([&key]).await?;
            let latest = self.merge(held, self.record(&key, entry.as_ref(), held.backend)?)?;
            let mut session = latest.session.clone();
            if !change(&mut session) {
                return Ok(latest);
            }
            session.revision += 1;
            let left = self.seconds_left(&session, now);
            let rotated = session.refresh_token() != held.session.refresh_token();
            let ttl = match held.backend {
                SessionBackend::Cookie if !rotated && self.fits_cookies(&session) => {
                    left.min(NEWER_KEPT)
                }
                SessionBackend::Cookie | SessionBackend::Store => left,
            };
            let expect = Expect::after(entry.as_ref());
            let stored = self.store.put(&key, self.bytes_of(&session), expect, ttl);
            if stored.await?.is_some() {
                return Ok(LoadedSession { session, backend: held.backend });
            }
        }
        Err(busy())
    }

    /// Ends a session: in the store by taking it out, in cookies by a mark that outlives them. The
    /// refresh token that it had in the end, to be revoked.
    pub(crate) async fn end(
        &self,
        held: &LoadedSession,
        now: u64,
    ) -> Result<Option<String>, Error> {
        let key = self.store_keys.session(held.session.id);
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([&key]).await?;
            let ended = match (held.backend, &entry) {
                (SessionBackend::Store, None) => true,
                // In cookie mode an older cookie of this session may hold all of it.
                (SessionBackend::Store, Some(entry)) if self.backend == SessionBackend::Store => {
                    self.store.remove(&key, Some(entry.version)).await?
                }
                (_, entry) => {
                    let left = self.expiry.absolute_end(held.session.started_at);
                    let ttl = Duration::from_secs(left.saturating_sub(now));
                    let expect = Expect::after(entry.as_ref());
                    let mark = self.store.put(&key, vec![REVOKED], expect, ttl);
                    mark.await?.is_some()
                }
            };
            if !ended {
                continue;
            }
            if held.is_stored()
                && let Err(error) = self.unlist(held.sub(), &[held.session.id]).await
            {
                // The list is made of what is there.
                tracing::debug!(%error, "an ended session is still in the list of its person");
            }
            let record = self.record(&key, entry.as_ref(), held.backend);
            let latest = record.and_then(|record| self.merge(held, record));
            let latest = latest.as_ref().unwrap_or(held);
            return Ok(latest.session.refresh_token().map(str::to_owned));
        }
        Err(busy())
    }

    /// The newer of what a request brought and what the store has.
    fn merge(&self, held: &LoadedSession, record: Option<Record>) -> Result<LoadedSession, Error> {
        match (record, held.backend) {
            (Some(Record::Revoked), _) | (None, SessionBackend::Store) => Err(over()),
            (Some(Record::Session(newer)), SessionBackend::Cookie)
                if newer.session.revision < held.session.revision =>
            {
                Ok(held.clone())
            }
            (Some(Record::Session(newer)), _) => Ok(newer),
            (None, SessionBackend::Cookie) => Ok(held.clone()),
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
            Some([SESSION, packed @ ..]) => self.cookie.packer().unpack(packed),
            _ => None,
        };
        let session = session.ok_or_else(|| {
            Error::new(
                ErrorKind::SignInRequired,
                "the session cannot be read: was the cookie secret changed?",
            )
        })?;
        Ok(Some(Record::Session(LoadedSession { session, backend })))
    }

    fn bytes_of(&self, session: &Session) -> Vec<u8> {
        let mut bytes = vec![SESSION];
        bytes.append(&mut self.cookie.packer().pack(session));
        bytes
    }
}

fn over() -> Error {
    Error::new(ErrorKind::SignInRequired, "the session is over")
}

pub(super) fn busy() -> Error {
    Error::new(ErrorKind::StoreUnavailable, "too many others write to the same entry of the store")
}
