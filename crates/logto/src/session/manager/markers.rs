//! Revocation markers: one entry ends all sessions of a user, or all that come from one session at
//! Logto.
//!
//! A revocation marker does not depend on the clocks of instances. It says until when the sessions
//! that it ends began, by Logto's clock: their ID tokens say when, and so does the logout token.
//! And a session remembers which marker of its user was there when it began: that one does not end
//! it.

use std::sync::Arc;
use std::time::Duration;

use super::attempts::{ATTEMPTS, busy, in_attempts};
use super::store::Store;
use super::store_keys::EndKeys;
use super::watched::WatchedSessions;
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::storage::{Entry, Expect, Version};

/// Seconds for which a marker outlives the sessions that it ends, since clocks differ.
pub(super) const CLOCKS: u64 = 15 * 60;

/// Writes and reads revocation markers.
#[derive(Debug)]
pub(crate) struct Markers {
    pub(super) store: Arc<Store>,
    watched: Arc<WatchedSessions>,
    /// Seconds that the longest session lasts.
    lifetime: u64,
}

impl Markers {
    pub(super) fn new(store: Arc<Store>, watched: Arc<WatchedSessions>, lifetime: u64) -> Self {
        Self { store, watched, lifetime }
    }

    /// Ends all sessions of a user that began by `until`, by Logto's clock, and do not know this
    /// end.
    pub(crate) async fn end_user(&self, sub: &str, until: u64) -> Result<(), Error> {
        self.mark(&self.store.entry_keys.end_of_user(sub), until).await
    }

    /// Ends the sessions which come from one session at Logto and began by `until`.
    pub(crate) async fn end_logto_session(&self, sid: &str, until: u64) -> Result<(), Error> {
        self.mark(&self.store.entry_keys.end_of_logto_session(sid), until).await
    }

    /// Ends the sessions of a user which do not know what session at Logto they come from, and began
    /// before this second of Logto's clock: their sign-ins brought no `sid`.
    pub(crate) async fn end_sessions_without_sid(
        &self,
        sub: &str,
        before: u64,
    ) -> Result<(), Error> {
        let key = self.store.entry_keys.end_of_sessions_without_sid(sub);
        self.mark(&key, before.saturating_sub(1)).await
    }

    /// The marker of its user that a new session begins after.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidCallback`] if the session at Logto that it comes from has ended.
    pub(super) async fn marker_for_new(&self, session: &Session) -> Result<Option<Version>, Error> {
        let shown = session.grant.shown();
        let EndKeys { user, logto } = self.store.entry_keys.ends(shown.sub(), shown.sid());
        let keys = [user.as_str(), logto.as_str()];
        let [of_user, of_logto] = in_attempts(|| self.store.get(keys)).await?;
        if self.is_over(&logto, of_logto.as_ref(), session.started_at, None) {
            let why = "the session at Logto that the sign-in came from has ended";
            return Err(Error::new(ErrorKind::InvalidCallback, why));
        }
        Ok(of_user.map(|marker| marker.version))
    }

    /// Writes a marker. A later one never ends less than the one before.
    pub(super) async fn mark(&self, key: &str, until: u64) -> Result<(), Error> {
        // As long as the longest session that it ends.
        let ttl = Duration::from_secs(self.lifetime.saturating_add(CLOCKS));
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([key]).await?;
            let before = entry.as_ref().and_then(|marker| self.until(key, marker));
            let until = until.max(before.unwrap_or(0));
            let expect = Expect::after(entry.as_ref());
            let stored = self.store.put(key, until.to_be_bytes().to_vec(), expect, ttl).await?;
            if let Some(version) = stored {
                self.watched.end_marked(key, until, version);
                self.store.announce_end(key).await;
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Whether a marker ends a session that began at this time of Logto's clock. The one that it
    /// began after does not, whatever the clocks say.
    pub(super) fn is_over(
        &self,
        key: &str,
        marker: Option<&Entry>,
        started_at: u64,
        known: Option<Version>,
    ) -> bool {
        let Some(marker) = marker.filter(|marker| Some(marker.version) != known) else {
            return false;
        };
        // One that cannot be read was meant to end something.
        self.until(key, marker).is_none_or(|until| started_at <= until)
    }

    pub(super) fn until(&self, key: &str, marker: &Entry) -> Option<u64> {
        let until = self.store.open(key, marker)?;
        until.try_into().ok().map(u64::from_be_bytes)
    }
}
