//! Session cookies and entries of the store, opened once.
//!
//! To open means to unseal, to unpack and to read the claims. What comes of that is kept for the
//! requests that follow; whether a session still lives is asked on each of them.

use std::sync::{Arc, PoisonError, RwLock};

use super::names::Asked;
use super::records::Record;
use super::{Held, Keeper, Place};
use crate::error::Error;
use crate::recent::Seen;
use crate::seal::Purpose;
use crate::session::{Content, Sealed, Ticket};
use crate::storage::{Entry, Version};

/// Room for so many opened cookies: about four megabytes of usual sessions.
pub(super) const MOST: usize = 1024;

/// A session cookie, opened.
pub(super) struct Opened {
    sealed: Box<str>,
    pub(super) what: What,
    pub(super) asked: Asked,
    /// What the store had at the last request, and which writing of it that was.
    stored: RwLock<Option<(Version, Record)>>,
}

pub(super) enum What {
    Session(Held),
    Ticket(Ticket),
}

impl Seen for Arc<Opened> {
    fn text(&self) -> &str {
        &self.sealed
    }
}

impl Opened {
    fn place(&self) -> Place {
        match self.what {
            What::Session(_) => Place::Cookie,
            What::Ticket(_) => Place::Store,
        }
    }

    fn purpose(&self) -> Purpose {
        match self.what {
            What::Session(_) => Purpose::Session,
            What::Ticket(_) => Purpose::Ticket,
        }
    }
}

impl Keeper {
    /// Opens a session cookie; `None` if it is none of ours.
    pub(super) fn open(&self, sealed: &Sealed<'_>, now: u64) -> Option<Arc<Opened>> {
        if let Some(opened) = self.opened.get(sealed.text.as_bytes()) {
            // What was sealed as a session is no ticket, and the other way round.
            return Some(opened).filter(|opened| opened.purpose() == sealed.purpose);
        }
        let (what, asked) = match self.cookie.open(&self.keys, sealed)? {
            Content::Ticket(ticket) => {
                let asked = self.names.asked(ticket.id, &ticket.sub, ticket.sid.as_deref());
                (What::Ticket(ticket), asked)
            }
            Content::Session(session) => {
                let held = Held { session, place: Place::Cookie };
                let sid = held.claims().sid.as_deref();
                let asked = self.names.asked(held.session.id, held.sub(), sid);
                (What::Session(held), asked)
            }
        };
        let opened = Arc::new(Opened {
            sealed: sealed.text.as_ref().into(),
            what,
            asked,
            stored: RwLock::default(),
        });
        if self.is_live(&opened, now) {
            self.opened.insert(Arc::clone(&opened), |kept| !self.is_live(kept, now));
        }
        Some(opened)
    }

    pub(super) fn is_live(&self, opened: &Opened, now: u64) -> bool {
        match &opened.what {
            What::Session(held) => now < self.rules.ends_at(&held.session),
            What::Ticket(ticket) => now < self.rules.last_second(ticket.started_at),
        }
    }

    /// What the store has under the session's key, opened once for each writing of it.
    pub(super) fn stored(
        &self,
        opened: &Opened,
        entry: Option<&Entry>,
    ) -> Result<Option<Record>, Error> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let stored = opened.stored.read();
        if let Some((version, record)) = &*stored.unwrap_or_else(PoisonError::into_inner)
            && *version == entry.version
        {
            return Ok(Some(record.clone()));
        }
        let record = self.record(&opened.asked.session, Some(entry), opened.place())?;
        let mut stored = opened.stored.write().unwrap_or_else(PoisonError::into_inner);
        *stored = record.clone().map(|record| (entry.version, record));
        Ok(record)
    }
}
