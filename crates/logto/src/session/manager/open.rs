//! Opens session cookies, and what the store has of their sessions.

use std::mem;
use std::sync::{Arc, PoisonError};

use super::opened::{CookieContent, Opened, bytes_of};
use super::records::Record;
use super::{LoadedSession, SessionBackend, SessionManager};
use crate::error::Error;
use crate::session::{Content, Sealed};
use crate::storage::Entry;

/// What a request's cookies hold.
pub(super) enum Found {
    /// No session cookie.
    Nothing,
    /// One of ours, opened.
    Opened(Arc<Opened>),
    /// A cookie under our name that does not open: sealed with a key that is gone, or damaged.
    Unreadable,
}

impl SessionManager {
    /// The session cookie of a `Cookie` header: of several that open the one whose session began
    /// last, and of one session its latest. Browsers go on sending a cookie for a domain or a path
    /// that the app does not use any more, and may send it first.
    pub(super) fn find_cookie(&self, header: &[u8], now: u64) -> Found {
        let mut best = Found::Nothing;
        for opened in self.open_cookies(header, now) {
            match (opened, &best) {
                (Some(opened), Found::Opened(known)) if known.age() >= opened.age() => {}
                (Some(opened), _) => best = Found::Opened(opened),
                (None, Found::Nothing) => best = Found::Unreadable,
                (None, _) => {}
            }
        }
        best
    }

    /// The cookies under our name, in the order sent; `None` for each that does not open.
    pub(super) fn open_cookies<'a>(
        &'a self,
        header: &'a [u8],
        now: u64,
    ) -> impl Iterator<Item = Option<Arc<Opened>>> + 'a {
        let candidates = self.cookies.in_jar(header).candidates(header);
        candidates.map(move |sealed| self.open(&sealed?, now))
    }

    /// Opens a session cookie; `None` if it is none of ours.
    fn open(&self, sealed: &Sealed<'_>, now: u64) -> Option<Arc<Opened>> {
        if let Some(opened) = self.opened.get(&sealed.text) {
            // What was sealed as a session is no pointer, and the other way round.
            return Some(opened).filter(|opened| opened.purpose() == sealed.purpose);
        }
        let (id, what) = match self.cookies.open(sealed)? {
            Content::SessionPointer(pointer) => {
                (pointer.id, CookieContent::SessionPointer(pointer, sealed.text.as_ref().into()))
            }
            Content::Session(session) => {
                let loaded = LoadedSession { session, backend: SessionBackend::Cookie };
                (loaded.session.id, CookieContent::Session(loaded))
            }
        };
        let key = self.store.entry_keys.session(id).into();
        let opened = Arc::new(Opened::new(what, key, Arc::clone(self.sealer.budget())));
        if self.is_live(&opened, now) {
            self.opened.insert(Arc::clone(&opened), |kept| !self.is_live(kept, now));
        }
        Some(opened)
    }

    pub(super) fn is_live(&self, opened: &Opened, now: u64) -> bool {
        match &opened.content {
            CookieContent::Session(loaded) => now < self.expiry.ends_at(&loaded.session),
            CookieContent::SessionPointer(pointer, _) => {
                now < self.expiry.absolute_end(pointer.started_at)
            }
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
        if let Some((version, record)) = stored.unwrap_or_else(PoisonError::into_inner).as_deref()
            && *version == entry.version
        {
            return Ok(Some(record.clone()));
        }
        let record = self.record(&opened.key, Some(entry), opened.backend())?;
        let newer = record.clone().map(|record| Box::new((entry.version, record)));
        opened.budget.take(bytes_of(newer.as_deref()));
        let older = {
            let mut stored = opened.stored.write().unwrap_or_else(PoisonError::into_inner);
            mem::replace(&mut *stored, newer)
        };
        opened.budget.give_back(bytes_of(older.as_deref()));
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::manager::fixture::{loaded, manager};
    use crate::storage::MemoryStorage;

    #[test]
    fn of_several_cookies_the_newest_counts() {
        let now = 1_000_000_000;
        let manager = manager(Arc::new(MemoryStorage::new()));
        let [old, older, live] = [1000, 500, now - 10].map(loaded);
        for (sent, found) in [
            ([&old, &live], &live),
            ([&live, &old], &live),
            ([&old, &older], &old),
            ([&older, &old], &old),
        ] {
            let pairs = sent.map(|loaded| {
                let lines = manager.cookies(loaded, "", now).unwrap();
                lines[0].split(';').next().unwrap().to_owned()
            });
            let header = format!("{}; logto_app=damaged; {}", pairs[0], pairs[1]);
            let ending = manager.in_cookies(header.as_bytes(), now).unwrap();
            assert!(ending.id == found.session.id, "{sent:?}");
        }
    }
}
