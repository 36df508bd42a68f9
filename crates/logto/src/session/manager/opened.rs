//! Session cookies and entries of the store, opened once.
//!
//! To open means to unseal, to unpack and to read the claims. What comes of that is kept for the
//! requests that follow; whether a session still lives is asked on each of them.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::records::Record;
use super::store_keys::LookupKeys;
use super::{LoadedSession, SessionBackend, SessionManager};
use crate::cache::Seen;
use crate::crypto::seal::Purpose;
use crate::error::Error;
use crate::session::{Content, Sealed, SessionPointer};
use crate::storage::{Entry, Version};

/// Bytes of an entry beside what it holds: names for the store, pointers, allocations.
const ENTRY: usize = 1024;
/// Answers with a newer cookie after which the browser is given a smaller one.
const MAX_RENEWALS: u8 = 4;

/// A session cookie, opened.
pub(super) struct Opened {
    sealed: Box<str>,
    pub(super) what: What,
    pub(super) lookup_keys: LookupKeys,
    /// What the store had at the last request, and which writing of it that was.
    stored: RwLock<Option<(Version, Record)>>,
    renewals: Renewals,
}

/// How often this cookie was answered with a newer one that the browser does not have yet: a proxy
/// may refuse the response because its headers are too large.
#[derive(Default)]
struct Renewals {
    count: AtomicU8,
    /// In seconds since the Unix epoch.
    last: AtomicU64,
}

pub(super) enum What {
    Session(LoadedSession),
    SessionPointer(SessionPointer),
}

impl Seen for Arc<Opened> {
    fn text(&self) -> &str {
        &self.sealed
    }

    fn bytes(&self) -> usize {
        let cookie = match &self.what {
            What::Session(held) => held.session.grant.bytes(),
            What::SessionPointer(_) => 0,
        };
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner);
        let stored = match &*stored {
            Some((_, Record::Session(held))) => held.session.grant.bytes(),
            _ => 0,
        };
        ENTRY + self.sealed.len() + cookie + stored
    }
}

impl Opened {
    fn backend(&self) -> SessionBackend {
        match self.what {
            What::Session(_) => SessionBackend::Cookie,
            What::SessionPointer(_) => SessionBackend::Store,
        }
    }

    /// Counts an answer with a newer cookie; whether there were too many. Requests of the same second
    /// count once: a page makes several before it has the first answer.
    pub(super) fn renewals_fail(&self, now: u64) -> bool {
        let Renewals { count, last } = &self.renewals;
        if last.swap(now, Ordering::Relaxed) == now {
            return count.load(Ordering::Relaxed) > MAX_RENEWALS;
        }
        let before = count.load(Ordering::Relaxed);
        count.store(before.saturating_add(1), Ordering::Relaxed);
        before >= MAX_RENEWALS
    }

    fn purpose(&self) -> Purpose {
        match self.what {
            What::Session(_) => Purpose::Session,
            What::SessionPointer(_) => Purpose::SessionPointer,
        }
    }
}

impl SessionManager {
    /// Opens a session cookie; `None` if it is none of ours.
    pub(super) fn open(&self, sealed: &Sealed<'_>, now: u64) -> Option<Arc<Opened>> {
        if let Some(opened) = self.opened.get(sealed.text.as_bytes()) {
            // What was sealed as a session is no pointer, and the other way round.
            return Some(opened).filter(|opened| opened.purpose() == sealed.purpose);
        }
        let (what, lookup_keys) = match self.cookie.open(&self.keys, sealed)? {
            Content::SessionPointer(pointer) => {
                let lookup_keys =
                    self.store_keys.lookup_keys(pointer.id, &pointer.sub, pointer.sid.as_deref());
                (What::SessionPointer(pointer), lookup_keys)
            }
            Content::Session(session) => {
                let held = LoadedSession { session, backend: SessionBackend::Cookie };
                let sid = held.claims().sid.as_deref();
                let lookup_keys = self.store_keys.lookup_keys(held.session.id, held.sub(), sid);
                (What::Session(held), lookup_keys)
            }
        };
        let opened = Arc::new(Opened {
            sealed: sealed.text.as_ref().into(),
            what,
            lookup_keys,
            stored: RwLock::default(),
            renewals: Renewals::default(),
        });
        if self.is_live(&opened, now) {
            self.opened.insert(Arc::clone(&opened), |kept| !self.is_live(kept, now));
        }
        Some(opened)
    }

    pub(super) fn is_live(&self, opened: &Opened, now: u64) -> bool {
        match &opened.what {
            What::Session(held) => now < self.expiry.ends_at(&held.session),
            What::SessionPointer(pointer) => now < self.expiry.absolute_end(pointer.started_at),
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
        let record = self.record(&opened.lookup_keys.session, Some(entry), opened.backend())?;
        {
            let mut stored = opened.stored.write().unwrap_or_else(PoisonError::into_inner);
            *stored = record.clone().map(|record| (entry.version, record));
        }
        self.opened.trim(opened.sealed.as_bytes());
        Ok(record)
    }
}
