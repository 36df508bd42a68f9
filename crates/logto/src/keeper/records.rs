//! Sessions in the store, and what the store knows of sessions in cookies.

use std::time::Duration;

use super::{Held, Keeper, Place};
use crate::error::{Error, ErrorKind};
use crate::session::{Session, SessionId};
use crate::storage::{Entry, Expect};

/// For how long the store remembers what a refresh made of a session that is kept in a cookie: until
/// every browser has the new cookie.
const NEWER_KEPT: Duration = Duration::from_secs(3600);
/// Attempts to write beside others; each fails only if somebody else's succeeded.
const ATTEMPTS: usize = 20;

const OVER: u8 = 0;
const SESSION: u8 = 1;

/// What the store holds under a session's key.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// The session is over.
    Over,
    /// The session, or what is newer than its cookie.
    Session(Held),
}

impl Keeper {
    pub(super) async fn create(&self, session: &Session, now: u64) -> Result<(), Error> {
        let key = self.names.session(session.id);
        let ttl = self.seconds_left(session, now);
        match self
            .store
            .put(&key, self.bytes_of(session), Expect::Absent, ttl)
            .await?
        {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::StoreUnavailable,
                "the store has a session of this new id already",
            )),
        }
    }

    /// The session as it is now, others' changes included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it is over.
    pub(crate) async fn latest(&self, held: &Held) -> Result<Held, Error> {
        let key = self.names.session(held.session.id);
        let [entry] = self.store.get([&key]).await?;
        self.merge(held, self.record(&key, entry.as_ref(), held.place)?)
    }

    /// Changes the session, whatever others change at the same time. A session that is over stays
    /// over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if it is over.
    pub(crate) async fn update(
        &self,
        held: &Held,
        now: u64,
        change: impl Fn(&mut Session),
    ) -> Result<Held, Error> {
        let key = self.names.session(held.session.id);
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([&key]).await?;
            let latest = self.merge(held, self.record(&key, entry.as_ref(), held.place)?)?;
            let mut session = Session::clone(&latest.session);
            change(&mut session);
            session.revision += 1;
            let left = self.seconds_left(&session, now);
            let ttl = match held.place {
                Place::Store => left,
                Place::Cookie => left.min(NEWER_KEPT),
            };
            let expect = Expect::after(entry.as_ref());
            let stored = self.store.put(&key, self.bytes_of(&session), expect, ttl);
            if stored.await?.is_some() {
                return Held::new(session, held.place);
            }
        }
        Err(busy())
    }

    /// Ends a session: in the store by taking it out, in cookies by a mark that outlives them.
    pub(crate) async fn end(&self, held: &Held, now: u64) -> Result<(), Error> {
        match held.place {
            Place::Store => {
                self.take_out(held.session.id).await?;
                self.unlist(&held.claims.sub, &[held.session.id]).await
            }
            Place::Cookie => {
                let key = self.names.session(held.session.id);
                let left = self.rules.last_second(held.session.started_at);
                let ttl = Duration::from_secs(left.saturating_sub(now));
                for _ in 0..ATTEMPTS {
                    let [entry] = self.store.get([&key]).await?;
                    let expect = Expect::after(entry.as_ref());
                    if self
                        .store
                        .put(&key, vec![OVER], expect, ttl)
                        .await?
                        .is_some()
                    {
                        return Ok(());
                    }
                }
                Err(busy())
            }
        }
    }

    pub(super) async fn take_out(&self, id: SessionId) -> Result<bool, Error> {
        self.store.remove(&self.names.session(id), None).await
    }

    /// The newer of what a request brought and what the store has.
    fn merge(&self, held: &Held, record: Option<Record>) -> Result<Held, Error> {
        match (record, held.place) {
            (Some(Record::Over), _) | (None, Place::Store) => Err(over()),
            (Some(Record::Session(newer)), Place::Cookie)
                if newer.session.revision <= held.session.revision =>
            {
                Ok(held.clone())
            }
            (Some(Record::Session(newer)), _) => Ok(newer),
            (None, Place::Cookie) => Ok(held.clone()),
        }
    }

    pub(super) fn record(
        &self,
        key: &str,
        entry: Option<&Entry>,
        place: Place,
    ) -> Result<Option<Record>, Error> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let opened = self.store.open(key, entry);
        let session = match opened.as_deref() {
            Some([OVER]) => return Ok(Some(Record::Over)),
            Some([SESSION, packed @ ..]) => self.cookie.packer().unpack(packed),
            _ => None,
        };
        let session = session.ok_or_else(|| {
            Error::new(
                ErrorKind::SignInRequired,
                "the session cannot be read: was the cookie secret changed?",
            )
        })?;
        Held::new(session, place).map(|held| Some(Record::Session(held)))
    }

    fn bytes_of(&self, session: &Session) -> Vec<u8> {
        let mut bytes = vec![SESSION];
        bytes.append(&mut self.cookie.packer().pack(session));
        bytes
    }
}

pub(crate) fn over() -> Error {
    Error::new(ErrorKind::SignInRequired, "the session is over")
}

pub(super) fn busy() -> Error {
    Error::new(
        ErrorKind::StoreUnavailable,
        "too many others write to the same entry of the store",
    )
}
