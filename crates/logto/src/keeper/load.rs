//! From a request's cookies to its session.

use super::names::Asked;
use super::opened::{Opened, What};
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
        Self { state, held: None, owes_cookie: false }
    }

    pub(crate) fn signed_in(held: Held) -> Self {
        Self { state: SessionState::SignedIn, held: Some(held), owes_cookie: false }
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
        let found = self.cookie.read(
            header,
            |sealed| self.open(sealed, now),
            |opened| self.is_live(opened, now),
        );
        match found {
            Found::Nothing => Ok(Loaded::nobody(SessionState::SignedOut)),
            Found::Unreadable => {
                // Anybody can send one, so this is not for the log of every day.
                tracing::debug!(
                    "a session cookie could not be read: was the cookie secret changed?"
                );
                Ok(Loaded::nobody(SessionState::Unreadable))
            }
            Found::Opened(opened) if !self.is_live(&opened, now) => {
                Ok(Loaded::nobody(SessionState::Expired))
            }
            Found::Opened(opened) => match &opened.what {
                What::Ticket(ticket) => self.load_stored(&opened, ticket, now).await,
                What::Session(held) => self.load_cookie(&opened, held, now).await,
            },
        }
    }

    /// The session that the cookies themselves hold, whatever the store knows of it.
    pub(crate) fn in_cookies(&self, header: &str, now: u64) -> Option<Held> {
        match self.cookie.read(header, |sealed| self.open(sealed, now), |_| true) {
            Found::Opened(opened) => match &opened.what {
                What::Session(held) => Some(held.clone()),
                What::Ticket(_) => None,
            },
            Found::Nothing | Found::Unreadable => None,
        }
    }

    async fn load_stored(
        &self,
        opened: &Opened,
        ticket: &Ticket,
        now: u64,
    ) -> Result<Loaded, Error> {
        let (entry, ended) = self.ask(&opened.asked, ticket.started_at).await?;
        if ended {
            return Ok(Loaded::nobody(SessionState::Revoked));
        }
        match self.stored(opened, entry.as_ref()) {
            Ok(Some(Record::Session(held))) => self.check(held, now).await,
            Ok(Some(Record::Over) | None) => Ok(Loaded::nobody(SessionState::Revoked)),
            Err(_) => Ok(Loaded::nobody(SessionState::Unreadable)),
        }
    }

    async fn load_cookie(&self, opened: &Opened, held: &Held, now: u64) -> Result<Loaded, Error> {
        let session = &held.session;
        let (entry, ended) = self.ask(&opened.asked, session.started_at).await?;
        if ended {
            return Ok(Loaded::nobody(SessionState::Revoked));
        }
        match self.stored(opened, entry.as_ref()) {
            Ok(Some(Record::Over)) => Ok(Loaded::nobody(SessionState::SignedOut)),
            // Of the same revision it has the access tokens that did not fit into the cookies.
            Ok(Some(Record::Session(mut stored)))
                if stored.session.revision >= session.revision =>
            {
                let is_newer = stored.session.revision > session.revision;
                if stored.session.seen_at < session.seen_at {
                    stored.session.seen_at = session.seen_at;
                }
                let loaded = self.check(stored, now).await?;
                Ok(Loaded {
                    owes_cookie: loaded.owes_cookie || (is_newer && loaded.held.is_some()),
                    ..loaded
                })
            }
            Ok(_) => self.use_now(held.clone(), now).await,
            // It may have said that the session is over.
            Err(_) => Ok(Loaded::nobody(SessionState::Unreadable)),
        }
    }

    /// What is under a session's key, and whether the session is over for another reason; one round
    /// trip.
    async fn ask(&self, asked: &Asked, started_at: u64) -> Result<(Option<Entry>, bool), Error> {
        let Asked { session, person, .. } = asked;
        let Some(logto) = &asked.logto else {
            let [entry, end] = self.store.get([session, person]).await?;
            return Ok((entry, self.is_over(person, end.as_ref(), started_at)));
        };
        let [entry, end, other] = self.store.get([session, person, logto]).await?;
        let ended = self.is_over(person, end.as_ref(), started_at)
            || self.is_over(logto, other.as_ref(), started_at);
        Ok((entry, ended))
    }

    async fn check(&self, held: Held, now: u64) -> Result<Loaded, Error> {
        if now >= self.rules.ends_at(&held.session) {
            return Ok(Loaded::nobody(SessionState::Expired));
        }
        self.use_now(held, now).await
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
                let mut renewed = held.clone();
                renewed.session.seen_at = now;
                Ok(renewed)
            }
        };
        match renewed {
            Ok(held) => Ok(Loaded { owes_cookie: true, ..Loaded::signed_in(held) }),
            Err(error) if error.needs_sign_in() => Ok(Loaded::nobody(SessionState::Revoked)),
            Err(error) => {
                // The next request tries again.
                tracing::warn!(%error, "the use of a session could not be noted");
                Ok(Loaded::signed_in(held))
            }
        }
    }
}
