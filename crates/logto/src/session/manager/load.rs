//! Loads the session of a request from its cookies.

use std::sync::Arc;

use super::open::Found;
use super::opened::{CookieContent, Opened};
use super::records::Record;
use super::store_keys::EndKeys;
use super::{EndingSession, LoadedSession, SessionBackend, SessionManager};
use crate::error::Error;
use crate::log_limit::limited;
use crate::session::{Session, SessionId, SessionState};
use crate::storage::{Entry, MemoryStorage, Version};

/// Sessions that a request ends beside its own, whose cookies it brings.
pub(super) const MAX_OTHERS: usize = 4;

/// What a request's cookies stand for.
#[derive(Clone, Debug)]
pub(crate) struct SessionLookup {
    pub(crate) state: SessionState,
    pub(crate) loaded: Option<LoadedSession>,
    /// Whether the browser has to be given its cookie again: the session moved on, or its end did.
    pub(crate) needs_cookie: bool,
}

impl SessionLookup {
    pub(crate) fn without_session(state: SessionState) -> Self {
        Self { state, loaded: None, needs_cookie: false }
    }

    pub(crate) fn signed_in(loaded: LoadedSession) -> Self {
        Self { state: SessionState::SignedIn, loaded: Some(loaded), needs_cookie: false }
    }
}

impl SessionManager {
    /// The session of a `Cookie` header where that takes no waiting: the store is the memory of
    /// this process, and there is nothing to write.
    pub(crate) fn load_at_once(&self, header: &[u8], now: u64) -> Option<SessionLookup> {
        let memory = self.store.in_process()?;
        let opened = match self.opened(header, now) {
            Ok(opened) => opened,
            Err(state) => return Some(SessionLookup::without_session(state)),
        };
        let ends = || opened.ends(&self.store.entry_keys);
        let (entry, ended) = self.ask_memory(memory, &opened.key, ends, opened.began());
        let lookup = self.judge(&opened, entry.as_ref(), ended, now);
        if self.needs_writing(&lookup, now) {
            return None;
        }
        self.tell_watched(opened.id(), &lookup);
        Some(lookup)
    }

    /// The session of a `Cookie` header.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if that cannot be known, because
    /// the store cannot be asked.
    pub(crate) async fn load(&self, header: &[u8], now: u64) -> Result<SessionLookup, Error> {
        let opened = match self.opened(header, now) {
            Ok(opened) => opened,
            Err(state) => return Ok(SessionLookup::without_session(state)),
        };
        let ends = || opened.ends(&self.store.entry_keys);
        let (entry, ended) = self.ask(&opened.key, ends, opened.began()).await?;
        let mut lookup = self.judge(&opened, entry.as_ref(), ended, now);
        if self.needs_writing(&lookup, now)
            && let Some(loaded) = lookup.loaded
        {
            lookup = self.write(loaded, lookup.needs_cookie, &opened, now).await?;
        }
        self.tell_watched(opened.id(), &lookup);
        Ok(lookup)
    }

    /// The session cookie of a header, opened, unless it says by itself that there is no session.
    fn opened(&self, header: &[u8], now: u64) -> Result<Arc<Opened>, SessionState> {
        match self.find_cookie(header, now) {
            Found::Nothing => Err(SessionState::SignedOut),
            Found::Unreadable => {
                // Anyone can send one, so this is not for the usual log.
                tracing::debug!(
                    "a session cookie could not be read: was the cookie secret changed?"
                );
                Err(SessionState::Unreadable)
            }
            Found::Opened(opened) if !self.is_live(&opened, now) => Err(SessionState::Expired),
            Found::Opened(opened) if self.pending.has(opened.id()) => {
                self.watched.end(opened.id());
                Err(opened.state_of_end())
            }
            Found::Opened(opened) => Ok(opened),
        }
    }

    fn needs_writing(&self, lookup: &SessionLookup, now: u64) -> bool {
        let loaded = lookup.loaded.as_ref();
        loaded.is_some_and(|loaded| {
            lookup.needs_cookie || self.expiry.needs_touch(&loaded.session, now)
        })
    }

    /// Those who wait for the end of a session learn what a request learned.
    fn tell_watched(&self, id: SessionId, lookup: &SessionLookup) {
        match (&lookup.loaded, lookup.state) {
            (Some(loaded), _) => self.watched.lives_until(id, self.expiry.ends_at(&loaded.session)),
            (None, SessionState::Revoked | SessionState::SignedOut) => self.watched.end(id),
            // By an older cookie it may have expired, and not by a newer one.
            (None, _) => {}
        }
    }

    /// Reloads a session without counting as use of it.
    pub(crate) async fn load_again(
        &self,
        loaded: &LoadedSession,
        now: u64,
    ) -> Result<SessionLookup, Error> {
        let session = &loaded.session;
        if self.pending.has(session.id) {
            return Ok(SessionLookup::without_session(SessionState::SignedOut));
        }
        let key = self.store.entry_keys.session(session.id);
        let ends = self.store.entry_keys.ends(loaded.sub(), loaded.sid());
        let began = (session.started_at, session.known_marker);
        let (entry, ended) = self.ask(&key, || &ends, began).await?;
        let latest = match self.record(&key, entry.as_ref(), loaded.backend) {
            _ if ended => Err(SessionState::Revoked),
            // It may have said that the session has ended.
            Err(_) => Err(SessionState::Unreadable),
            Ok(Some(Record::Revoked)) => Err(SessionState::Revoked),
            Ok(Some(Record::Session(newer))) if newer.session.revision > session.revision => {
                Ok(newer)
            }
            Ok(None) if loaded.is_stored() => Err(SessionState::Revoked),
            Ok(Some(Record::Session(_)) | None) => Ok(loaded.clone()),
        };
        let lookup = match latest {
            Err(state) => SessionLookup::without_session(state),
            Ok(latest) if now >= self.expiry.ends_at(&latest.session) => {
                SessionLookup::without_session(SessionState::Expired)
            }
            Ok(latest) => SessionLookup::signed_in(latest),
        };
        self.tell_watched(session.id, &lookup);
        Ok(lookup)
    }

    /// What the cookies themselves tell of their session, to end it.
    pub(crate) fn in_cookies(&self, header: &[u8], now: u64) -> Option<EndingSession> {
        match self.find_cookie(header, now) {
            Found::Opened(opened) => Some(opened.ending()),
            Found::Nothing | Found::Unreadable => None,
        }
    }

    /// The other sessions than `id` whose cookies have our name too: browsers go on sending those
    /// for a domain or a path that the app does not use any more, and it cannot remove them. Also
    /// those that have expired: by the clock of another instance they may not have.
    pub(crate) fn others_in_cookies(
        &self,
        header: &[u8],
        id: Option<SessionId>,
        now: u64,
    ) -> Vec<EndingSession> {
        let mut others: Vec<EndingSession> = Vec::new();
        for opened in self.open_cookies(header, now).flatten() {
            let is_known =
                Some(opened.id()) == id || others.iter().any(|other| other.id == opened.id());
            if others.len() < MAX_OTHERS && !is_known {
                others.push(opened.ending());
            }
        }
        others
    }

    /// What is known of a session, by its cookie and by what the store has.
    fn judge(
        &self,
        opened: &Opened,
        entry: Option<&Entry>,
        ended: bool,
        now: u64,
    ) -> SessionLookup {
        if ended {
            return SessionLookup::without_session(SessionState::Revoked);
        }
        let lookup = match (self.stored(opened, entry), &opened.content) {
            // It may have said that the session has ended.
            (Err(_), _) => return SessionLookup::without_session(SessionState::Unreadable),
            // Of the same revision it has the access tokens that did not fit into the cookies.
            (Ok(Some(Record::Session(mut stored))), CookieContent::Session(loaded))
                if stored.session.revision >= loaded.session.revision =>
            {
                let last_used_at = stored.session.last_used_at.max(loaded.session.last_used_at);
                stored.session.last_used_at = last_used_at;
                let is_newer = stored.session.revision > loaded.session.revision;
                SessionLookup { needs_cookie: is_newer, ..SessionLookup::signed_in(stored) }
            }
            (Ok(Some(Record::Session(_)) | None), CookieContent::Session(loaded)) => {
                SessionLookup::signed_in(loaded.clone())
            }
            (Ok(Some(Record::Session(loaded))), CookieContent::SessionPointer(..)) => {
                SessionLookup::signed_in(loaded)
            }
            (Ok(Some(Record::Revoked) | None), _) => {
                return SessionLookup::without_session(opened.state_of_end());
            }
        };
        match &lookup.loaded {
            Some(loaded) if now >= self.expiry.ends_at(&loaded.session) => {
                SessionLookup::without_session(SessionState::Expired)
            }
            _ => lookup,
        }
    }

    /// Writes what a request changes about its session: that it is in use, and where it is kept.
    async fn write(
        &self,
        mut loaded: LoadedSession,
        is_newer: bool,
        opened: &Opened,
        now: u64,
    ) -> Result<SessionLookup, Error> {
        if is_newer && opened.renewals_fail(now) {
            loaded = self.move_to_store(loaded, now).await?;
        }
        let touched = self.touch(loaded, now).await?;
        let needs_cookie = touched.needs_cookie || (is_newer && touched.loaded.is_some());
        Ok(SessionLookup { needs_cookie, ..touched })
    }

    /// Keeps a session in the store from now on, because the browser does not get the cookies that
    /// hold it: one that points to the store is smaller.
    async fn move_to_store(&self, loaded: LoadedSession, now: u64) -> Result<LoadedSession, Error> {
        if let Some(suppressed) = self.unrenewed_cookies.admit() {
            tracing::warn!(
                suppressed,
                "renewed session cookies do not reach a browser and are replaced by a smaller one: \
                 check the limit of your proxy for response headers (nginx: proxy_buffer_size)"
            );
        }
        let moved = LoadedSession { backend: SessionBackend::Store, ..loaded };
        self.update(&moved, now, |_| true).await
    }

    /// What is under a session's key, and whether the session has ended for another reason; one
    /// round trip.
    async fn ask<'a>(
        &self,
        session: &str,
        ends: impl FnOnce() -> &'a EndKeys,
        began: (u64, Option<Version>),
    ) -> Result<(Option<Entry>, bool), Error> {
        if let Some(memory) = self.store.in_process() {
            return Ok(self.ask_memory(memory, session, ends, began));
        }
        let EndKeys { user, logto } = ends();
        let [entry, end, other] = self.store.get([session, user, logto]).await?;
        Ok((entry, self.is_over([user, logto], [end, other], began)))
    }

    /// [`ask`](Self::ask), of the memory of this process.
    fn ask_memory<'a>(
        &self,
        memory: &MemoryStorage,
        session: &str,
        ends: impl FnOnce() -> &'a EndKeys,
        began: (u64, Option<Version>),
    ) -> (Option<Entry>, bool) {
        let entry = memory.find(session);
        // Most never have a revocation marker.
        if !memory.has_markers() {
            return (entry, false);
        }
        let EndKeys { user, logto } = ends();
        let found = [memory.find(user), memory.find(logto)];
        (entry, self.is_over([user, logto], found, began))
    }

    /// Whether the markers of the user and of the session at Logto end a session.
    fn is_over(
        &self,
        [user, logto]: [&str; 2],
        [of_user, of_logto]: [Option<Entry>; 2],
        (started_at, known): (u64, Option<Version>),
    ) -> bool {
        self.markers.is_over(user, of_user.as_ref(), started_at, known)
            || self.markers.is_over(logto, of_logto.as_ref(), started_at, None)
    }

    /// Notes that the session is in use, where its life depends on that.
    async fn touch(&self, loaded: LoadedSession, now: u64) -> Result<SessionLookup, Error> {
        if !self.expiry.needs_touch(&loaded.session, now) {
            return Ok(SessionLookup::signed_in(loaded));
        }
        let touched = match loaded.backend {
            SessionBackend::Store => {
                let touch = |session: &mut Session| {
                    let needs_touch = self.expiry.needs_touch(session, now);
                    session.last_used_at = session.last_used_at.max(now);
                    needs_touch
                };
                self.update(&loaded, now, touch).await
            }
            SessionBackend::Cookie => {
                let mut touched = loaded.clone();
                touched.session.last_used_at = now;
                Ok(touched)
            }
        };
        match touched {
            Ok(loaded) => {
                Ok(SessionLookup { needs_cookie: true, ..SessionLookup::signed_in(loaded) })
            }
            Err(error) if error.needs_sign_in() => {
                Ok(SessionLookup::without_session(SessionState::Revoked))
            }
            Err(error) => {
                // The next request tries again.
                limited!(warn, %error, "failed to update the last use of a session");
                Ok(SessionLookup::signed_in(loaded))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;
    use crate::session::Device;
    use crate::session::manager::fixture::{PausedStorage, configured, loaded, manager};

    const BEGAN: u64 = 1000;

    /// A page that stays open, as an event stream, is told of the end by the store or the clock.
    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_looked_at_again_may_have_ended() {
        let storage = Arc::new(PausedStorage::default());
        let manager = manager(Arc::clone(&storage) as _);
        let state = async |loaded: &LoadedSession, now| {
            manager.load_again(loaded, now).await.map(|lookup| lookup.state)
        };
        let session = loaded(BEGAN);
        let end = manager.expiry.ends_at(&session.session);
        assert_eq!(state(&session, end - 1).await.unwrap(), SessionState::SignedIn);
        assert_eq!(state(&session, end).await.unwrap(), SessionState::Expired);

        let in_store = LoadedSession { backend: SessionBackend::Store, ..loaded(BEGAN) };
        assert_eq!(state(&in_store, BEGAN).await.unwrap(), SessionState::Revoked, "it is gone");

        storage.is_down.store(true, Ordering::Relaxed);
        assert!(state(&session, BEGAN).await.is_err(), "not known");
        storage.is_down.store(false, Ordering::Relaxed);

        manager.markers.end_user("s", BEGAN).await.unwrap();
        assert_eq!(state(&session, BEGAN).await.unwrap(), SessionState::Revoked);
        assert_eq!(state(&loaded(BEGAN + 1), BEGAN + 1).await.unwrap(), SessionState::SignedIn);
    }

    /// Only what another request stored after it is newer.
    #[tokio::test(start_paused = true)]
    async fn the_newer_of_two_revisions_is_used() {
        let manager = manager(Arc::new(PausedStorage::default()));
        let older = loaded(BEGAN);
        let newer = manager.update(&older, BEGAN, |_| true).await.unwrap();
        let again = async |loaded: &LoadedSession| {
            manager.load_again(loaded, BEGAN).await.unwrap().loaded.unwrap().session
        };
        assert!(newer.session.revision > older.session.revision);
        assert_eq!(again(&older).await.revision, newer.session.revision);
        let mut used = newer;
        used.session.last_used_at = BEGAN + 5;
        assert_eq!(again(&used).await.last_used_at, BEGAN + 5, "of the same revision");
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_that_the_store_keeps_for_too_long_signs_no_one_in() {
        let idle = Duration::from_secs(100);
        let storage = Arc::new(PausedStorage::default());
        let manager = configured(storage, |config| config.with_idle_lifetime(idle));
        let loaded = manager.begin(loaded(BEGAN).session, Device::default(), BEGAN).await.unwrap();
        let line = manager.cookies(&loaded, "", BEGAN).unwrap().remove(0);
        let cookie = line.split(';').next().unwrap();
        for (now, expected) in
            [(BEGAN + 100, SessionState::Expired), (BEGAN, SessionState::SignedIn)]
        {
            let lookup = manager.load(cookie.as_bytes(), now).await.unwrap();
            assert_eq!(lookup.state, expected);
        }
    }
}
