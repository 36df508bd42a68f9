//! Revocation markers: one entry ends all sessions of a user, or all that come from one session at
//! Logto.
//!
//! A revocation marker does not depend on the clocks of instances. It says until when the sessions
//! that it ends began, by Logto's clock: their ID tokens say when, and so does the logout token.
//! And a session remembers which marker of its user was there when it began: that one does not end
//! it, and neither does what the marker says of ends before that.

use std::sync::Arc;
use std::time::Duration;

use super::attempts::{ATTEMPTS, busy, in_attempts};
use super::ends::Ends;
use super::store::Store;
use super::store_keys::EndKeys;
use super::watched::WatchedSessions;
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::storage::{Entry, Expect, Version};

/// Seconds for which a marker outlives the sessions that it ends, since clocks differ.
pub(super) const CLOCKS: u64 = 15 * 60;

/// Ends of all sessions of a user that its marker keeps beside the newest, so that a session is
/// judged only by those after the one that it knows.
const KEPT: usize = 8;

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
        self.write(&self.store.entry_keys.end_of_user(sub), until, KEPT).await
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

    /// Writes a marker that no session remembers. A later one never ends less than the one before.
    pub(super) async fn mark(&self, key: &str, until: u64) -> Result<(), Error> {
        self.write(key, until, 0).await
    }

    async fn write(&self, key: &str, until: u64, kept: usize) -> Result<(), Error> {
        // As long as the longest session that it ends.
        let ttl = Duration::from_secs(self.lifetime.saturating_add(CLOCKS));
        for _ in 0..ATTEMPTS {
            let [entry] = self.store.get([key]).await?;
            let before = entry.as_ref().and_then(|marker| {
                let ends = self.ends(key, marker)?;
                Some((marker.version, ends))
            });
            let ends = Ends::after(before, until, kept);
            let expect = Expect::after(entry.as_ref());
            let stored = self.store.put(key, ends.to_bytes(), expect, ttl).await?;
            if let Some(version) = stored {
                self.watched.end_marked(key, &ends, version);
                self.store.announce_end(key).await;
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Whether a marker ends a session that began at this time of Logto's clock. What it says of
    /// ends before the session does not, whatever the clocks say.
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
        let ends = self.ends(key, marker);
        ends.is_none_or(|ends| ends.end(started_at, marker.version, known))
    }

    pub(super) fn ends(&self, key: &str, marker: &Entry) -> Option<Ends> {
        Ends::from_bytes(&self.store.open(key, marker)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::manager::fixture::{PausedStorage, loaded, manager};
    use crate::session::manager::{LoadedSession, SessionManager};
    use crate::session::{Device, SessionState};

    /// When a user signs out everywhere, and until when the sessions began that this ends.
    const END: u64 = 1_000_000;
    const CLOCKS_DIFFER: u64 = 60;

    /// Whether each instance takes a session for live, wherever it looks.
    async fn is_live(instances: &[Arc<SessionManager>; 2], session: &LoadedSession) -> bool {
        let mut seen = Vec::new();
        for instance in instances {
            let now = END + 20;
            let state = instance.load_again(session, now).await.unwrap().state;
            seen.push(state == SessionState::SignedIn);
            let listed = instance.sessions_of("s", now).await.unwrap();
            seen.push(listed.iter().any(|listed| listed.ending.id == session.session.id));
            let watched = instance.watch(session);
            instance.check_watched(&[Arc::clone(&watched)], now).await.unwrap();
            seen.push(!watched.has_ended());
            instance.watched.leave(&watched);
        }
        assert!(seen.iter().all(|live| *live == seen[0]), "they differ: {seen:?}");
        seen[0]
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_event_does_not_end_a_session_that_began_after_a_sign_out_everywhere() {
        let storage = Arc::new(PausedStorage::default());
        let instances = [(); 2].map(|()| manager(Arc::clone(&storage) as _));
        let one = &instances[0];
        let begin = async |started_at| {
            let device = Device::from_user_agent("");
            one.begin(loaded(started_at).session, device, started_at).await.unwrap()
        };
        let before = begin(END - 10).await;
        one.markers.end_user("s", END + CLOCKS_DIFFER).await.unwrap();
        let after = begin(END + 10).await;
        let streams = [one.watch(&before), one.watch(&after)];
        // Each is of a time before the sign-out.
        for event in 0..KEPT as u64 {
            one.markers.end_user("s", END - 5 - event).await.unwrap();
            assert_eq!([0, 1].map(|at: usize| streams[at].has_ended()), [true, false], "{event}");
            assert!(is_live(&instances, &after).await, "{event}");
            assert!(!is_live(&instances, &before).await, "{event}");
        }
        let newest = begin(END + 15).await;
        one.markers.end_user("s", END + 12).await.unwrap();
        assert!(streams.iter().all(|stream| stream.has_ended()));
        assert!(!is_live(&instances, &after).await, "it began before an event");
        assert!(is_live(&instances, &newest).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_marker_of_an_earlier_release_is_read_and_followed() {
        let storage = Arc::new(PausedStorage::default());
        let one = manager(storage);
        let key = one.store.entry_keys.end_of_user("s");
        let ttl = Duration::from_secs(60);
        let single = END.to_be_bytes().to_vec();
        let version = one.store.put(&key, single, Expect::Absent, ttl).await.unwrap();
        let is_over = async |started_at, known| {
            let [marker] = one.store.get([&key]).await.unwrap();
            one.markers.is_over(&key, marker.as_ref(), started_at, known)
        };
        assert!(is_over(END, None).await);
        assert!(!is_over(END + 1, None).await);
        assert!(!is_over(END, version).await);
        one.markers.end_user("s", END - 5).await.unwrap();
        assert!(is_over(END, None).await);
        assert!(!is_over(END, version).await);
        assert!(is_over(END - 5, version).await);
    }
}
