//! From a request's cookies to its session.

use std::sync::Arc;

use super::records::Record;
use super::{Held, Keeper, Place};
use crate::error::Error;
use crate::session::{Found, Session, SessionState, Ticket};
use crate::storage::Entry;

/// What a request's cookies stand for.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) state: SessionState,
    pub(crate) held: Option<Held>,
    /// Whether the browser has to be given its cookie again: the session moved on, or its end did.
    pub(crate) owes_cookie: bool,
}

impl Loaded {
    pub(crate) fn nobody(state: SessionState) -> Self {
        Self {
            state,
            held: None,
            owes_cookie: false,
        }
    }

    pub(crate) fn signed_in(held: Held) -> Self {
        Self {
            state: SessionState::SignedIn,
            held: Some(held),
            owes_cookie: false,
        }
    }
}

impl Keeper {
    /// The session of a `Cookie` header.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if nobody can know, because the store
    /// cannot be asked.
    pub(crate) async fn load(&self, header: &str, now: u64) -> Result<Loaded, Error> {
        let is_live = |found: &Found| match found {
            Found::Session(session) => now < self.rules.ends_at(session),
            Found::Ticket(ticket) => now < self.rules.last_second(ticket.started_at),
            Found::Nothing | Found::Unreadable => false,
        };
        let found = self.cookie.read(&self.keys, header, is_live);
        match found {
            Found::Nothing => Ok(Loaded::nobody(SessionState::SignedOut)),
            Found::Unreadable => {
                // Anybody can send one, so this is not for the log of every day.
                tracing::debug!(
                    "a session cookie could not be read: was the cookie secret changed?"
                );
                Ok(Loaded::nobody(SessionState::Unreadable))
            }
            found if !is_live(&found) => Ok(Loaded::nobody(SessionState::Expired)),
            Found::Ticket(ticket) => self.load_stored(&ticket, now).await,
            Found::Session(session) => self.load_cookie(session, now).await,
        }
    }

    /// The session that the cookies themselves hold, whatever the store knows of it.
    pub(crate) fn in_cookies(&self, header: &str) -> Option<Session> {
        match self.cookie.read(&self.keys, header, |_| true) {
            Found::Session(session) => Some(session),
            Found::Nothing | Found::Ticket(_) | Found::Unreadable => None,
        }
    }

    async fn load_stored(&self, ticket: &Ticket, now: u64) -> Result<Loaded, Error> {
        let key = self.names.session(ticket.id);
        let (entry, ended) = self
            .ask(&key, &ticket.sub, ticket.sid.as_deref(), ticket.started_at)
            .await?;
        if ended {
            return Ok(Loaded::nobody(SessionState::Revoked));
        }
        match self.record(&key, entry.as_ref()) {
            Ok(Some(Record::Session(session))) => self.check(session, Place::Store, now).await,
            Ok(Some(Record::Over) | None) => Ok(Loaded::nobody(SessionState::Revoked)),
            Err(_) => Ok(Loaded::nobody(SessionState::Unreadable)),
        }
    }

    async fn load_cookie(&self, session: Session, now: u64) -> Result<Loaded, Error> {
        let Ok(held) = Held::new(session, Place::Cookie) else {
            // Claims are read before a session is kept, so this is another version's cookie.
            return Ok(Loaded::nobody(SessionState::Unreadable));
        };
        let Held {
            session, claims, ..
        } = &held;
        let key = self.names.session(session.id);
        let (entry, ended) = self
            .ask(&key, &claims.sub, claims.sid.as_deref(), session.started_at)
            .await?;
        if ended {
            return Ok(Loaded::nobody(SessionState::Revoked));
        }
        match self.record(&key, entry.as_ref()) {
            Ok(Some(Record::Over)) => Ok(Loaded::nobody(SessionState::SignedOut)),
            // Of the same revision it has the access tokens that did not fit into the cookies.
            Ok(Some(Record::Session(stored))) if stored.revision >= session.revision => {
                let is_newer = stored.revision > session.revision;
                let stored = Session {
                    seen_at: stored.seen_at.max(session.seen_at),
                    ..stored
                };
                let loaded = self.check(stored, Place::Cookie, now).await?;
                Ok(Loaded {
                    owes_cookie: loaded.owes_cookie || (is_newer && loaded.held.is_some()),
                    ..loaded
                })
            }
            Ok(_) => self.use_now(held, now).await,
            // It may have said that the session is over.
            Err(_) => Ok(Loaded::nobody(SessionState::Unreadable)),
        }
    }

    /// What is under a session's key, and whether the session is over for another reason; one round
    /// trip.
    async fn ask(
        &self,
        key: &str,
        sub: &str,
        sid: Option<&str>,
        started_at: u64,
    ) -> Result<(Option<Entry>, bool), Error> {
        let person = self.names.end_of_person(sub);
        let Some(sid) = sid else {
            let [entry, end] = self.store.get([key, &person]).await?;
            return Ok((entry, self.is_over(&person, end.as_ref(), started_at)));
        };
        let logto = self.names.end_of_logto_session(sid);
        let [entry, end, other] = self.store.get([key, &person, &logto]).await?;
        // A session at Logto that is over never begins again.
        let ended = other.is_some() || self.is_over(&person, end.as_ref(), started_at);
        Ok((entry, ended))
    }

    async fn check(&self, session: Session, place: Place, now: u64) -> Result<Loaded, Error> {
        if now >= self.rules.ends_at(&session) {
            return Ok(Loaded::nobody(SessionState::Expired));
        }
        match Held::new(session, place) {
            Ok(held) => self.use_now(held, now).await,
            Err(_) => Ok(Loaded::nobody(SessionState::Unreadable)),
        }
    }

    /// Notes that the session is in use, where its life depends on that.
    async fn use_now(&self, held: Held, now: u64) -> Result<Loaded, Error> {
        if !self.rules.is_to_renew(&held.session, now) {
            return Ok(Loaded::signed_in(held));
        }
        let renewed = match held.place {
            Place::Store => {
                let renew = |session: &mut Session| {
                    let is_due = self.rules.is_to_renew(session, now);
                    session.seen_at = session.seen_at.max(now);
                    is_due
                };
                self.update(&held, now, renew).await
            }
            Place::Cookie => {
                let mut session = Session::clone(&held.session);
                session.seen_at = now;
                Ok(Held {
                    session: Arc::new(session),
                    ..held.clone()
                })
            }
        };
        match renewed {
            Ok(held) => Ok(Loaded {
                owes_cookie: true,
                ..Loaded::signed_in(held)
            }),
            Err(error) if error.needs_sign_in() => Ok(Loaded::nobody(SessionState::Revoked)),
            Err(error) => {
                // The next request tries again.
                tracing::warn!(%error, "the use of a session could not be noted");
                Ok(Loaded::signed_in(held))
            }
        }
    }
}
