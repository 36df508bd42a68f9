//! Sessions whose end something waits for: an open stream, a connection, a task.
//!
//! What ends a session in this process ends the waiting at once. Of what ends it elsewhere the
//! store tells; `flow::session_watch` asks it, for all of them together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::SessionBackend;
use super::ends::Ends;
use super::store_keys::EndKeys;
use crate::session::SessionId;
use crate::storage::Version;

/// Messages that are kept until the store is asked; for more it is asked about all sessions.
const MESSAGES: usize = 1024;

/// A session whose end is waited for. It takes less than a kilobyte.
#[derive(Debug)]
pub(crate) struct WatchedSession {
    pub(super) id: SessionId,
    /// Where the store has the session, and what ends it.
    pub(super) key: String,
    pub(super) ends: EndKeys,
    pub(super) started_at: u64,
    pub(super) known_marker: Option<Version>,
    pub(super) backend: SessionBackend,
    /// In seconds since the Unix epoch; its use moves it.
    pub(super) ends_at: AtomicU64,
    pub(super) has_ended: AtomicBool,
    /// Notified when it has ended, or when someone else has to look after the sessions.
    pub(crate) changed: Notify,
}

impl WatchedSession {
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    pub(super) fn ends_at(&self) -> u64 {
        self.ends_at.load(Ordering::Relaxed)
    }

    fn depends_on(&self, keys: &HashSet<String>) -> bool {
        let EndKeys { user, logto } = &self.ends;
        [&self.key, user, logto].into_iter().any(|key| keys.contains(key))
    }
}

/// All of them in this process.
#[derive(Default)]
pub(crate) struct WatchedSessions {
    /// Whether there are any: every end and every request asks.
    any: AtomicBool,
    state: Mutex<State>,
    /// Notified when the store is to be asked.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct State {
    /// With the number of those who wait.
    sessions: HashMap<SessionId, (Arc<WatchedSession>, usize)>,
    due: Due,
    /// Not later than any of them ends by its lifetime.
    next_end: Option<u64>,
    has_worker: bool,
    is_listening: bool,
}

/// What the store is to be asked about.
#[derive(Default)]
struct Due {
    all: bool,
    sessions: HashSet<SessionId>,
    /// What was announced to have changed.
    keys: HashSet<String>,
}

impl WatchedSessions {
    /// Waits for the end of a session, until [`leave`](Self::leave).
    pub(super) fn watch(&self, session: WatchedSession) -> Arc<WatchedSession> {
        let mut state = self.state();
        let (id, ends_at) = (session.id, session.ends_at());
        let entry = state.sessions.entry(id).or_insert_with(|| (Arc::new(session), 0));
        entry.0.ends_at.fetch_max(ends_at, Ordering::Relaxed);
        entry.1 += 1;
        let watched = Arc::clone(&entry.0);
        state.next_end = Some(state.next_end.map_or(ends_at, |next| next.min(ends_at)));
        // It may have ended since it was loaded.
        state.due.sessions.insert(id);
        self.any.store(true, Ordering::Release);
        drop(state);
        self.changed.notify_one();
        watched
    }

    /// Does not wait any more.
    pub(crate) fn leave(&self, watched: &Arc<WatchedSession>) {
        let mut state = self.state();
        let Some((known, waiting)) = state.sessions.get_mut(&watched.id) else {
            return;
        };
        // Another session of the same id may be watched since this one ended: one that came back.
        if Arc::ptr_eq(known, watched) {
            *waiting -= 1;
            if *waiting == 0 {
                self.remove(&mut state, watched.id);
            }
        }
    }

    /// Ends the waiting for one session.
    pub(super) fn end(&self, id: SessionId) {
        if self.any() {
            let ended = self.remove(&mut self.state(), id);
            ended.iter().for_each(tell_ended);
        }
    }

    /// Ends the waiting for the sessions that a revocation marker ends.
    pub(super) fn end_marked(&self, key: &str, ends: &Ends, version: Version) {
        if !self.any() {
            return;
        }
        let mut state = self.state();
        let ended = |watched: &WatchedSession| {
            let EndKeys { user, logto } = &watched.ends;
            let known = match () {
                () if user == key => watched.known_marker,
                () if logto == key => None,
                () => return false,
            };
            ends.end(watched.started_at, version, known)
        };
        let sessions = state.sessions.values().map(|(watched, _)| watched);
        let ids: Vec<_> = sessions.filter(|one| ended(one)).map(|one| one.id).collect();
        for id in ids {
            self.remove(&mut state, id).iter().for_each(tell_ended);
        }
    }

    /// Notes that a session was used and lives until then.
    pub(super) fn lives_until(&self, id: SessionId, ends_at: u64) {
        if !self.any() {
            return;
        }
        let mut state = self.state();
        if let Some((watched, _)) = state.sessions.get(&id) {
            watched.ends_at.fetch_max(ends_at, Ordering::Relaxed);
            state.next_end = Some(state.next_end.map_or(ends_at, |next| next.min(ends_at)));
        }
    }

    /// Takes up what an instance announced.
    pub(crate) fn hear(&self, message: String) {
        let mut state = self.state();
        if state.due.keys.len() < MESSAGES {
            state.due.keys.insert(message);
        } else {
            state.due.all = true;
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Has the store asked about all of them.
    pub(crate) fn ask_for_all(&self) {
        self.state().due.all = true;
        self.changed.notify_one();
    }

    /// Notes whether announcements arrive. Those from before did not.
    pub(crate) fn set_listening(&self, is_listening: bool) {
        self.state().is_listening = is_listening;
        self.ask_for_all();
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.state().is_listening
    }

    /// Those that the store is to be asked about now, and whether these are all.
    pub(crate) fn take_due(&self, now: u64) -> (Vec<Arc<WatchedSession>>, bool) {
        let mut state = self.state();
        let due = mem::take(&mut state.due);
        let by_time = state.next_end.is_some_and(|next| next <= now);
        if !due.all && !by_time && due.keys.is_empty() {
            let sessions = due.sessions.iter().filter_map(|id| state.sessions.get(id));
            return (sessions.map(|(watched, _)| Arc::clone(watched)).collect(), false);
        }
        let sessions = state.sessions.values().map(|(watched, _)| watched);
        let later = sessions.clone().map(|one| one.ends_at()).filter(|end| *end > now).min();
        let is_due = |one: &&Arc<WatchedSession>| {
            let asked = due.all || due.sessions.contains(&one.id) || one.ends_at() <= now;
            asked || one.depends_on(&due.keys)
        };
        let found = sessions.filter(is_due).cloned().collect();
        state.next_end = later;
        (found, due.all)
    }

    /// Whether nothing is waited for.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any()
    }

    /// Whether the caller has to watch the sessions, because no task does.
    pub(crate) fn begin_work(&self) -> bool {
        !mem::replace(&mut self.state().has_worker, true)
    }

    /// No task watches the sessions any more. The streams that wait begin one.
    pub(crate) fn end_work(&self) {
        let mut state = self.state();
        (state.has_worker, state.is_listening, state.due.all) = (false, false, true);
        for (watched, _) in state.sessions.values() {
            watched.changed.notify_waiters();
        }
    }

    fn remove(&self, state: &mut State, id: SessionId) -> Option<Arc<WatchedSession>> {
        let (watched, _) = state.sessions.remove(&id)?;
        state.due.sessions.remove(&id);
        self.any.store(!state.sessions.is_empty(), Ordering::Release);
        Some(watched)
    }

    fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_ended(watched: &Arc<WatchedSession>) {
    watched.has_ended.store(true, Ordering::Release);
    watched.changed.notify_waiters();
}

impl fmt::Debug for WatchedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.state().sessions.len();
        f.debug_struct("WatchedSessions").field("count", &count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str, known_marker: Option<Version>) -> WatchedSession {
        WatchedSession {
            id: SessionId::random().unwrap(),
            key: format!("session:{name}"),
            ends: EndKeys { user: format!("user:{name}"), logto: format!("logto:{name}") },
            started_at: 100,
            known_marker,
            backend: SessionBackend::Store,
            ends_at: AtomicU64::new(u64::MAX),
            has_ended: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    #[test]
    fn a_session_is_watched_until_the_last_one_leaves() {
        let watched = WatchedSessions::default();
        let first = watched.watch(session("alice", None));
        let second = watched.watch(WatchedSession { id: first.id, ..session("alice", None) });
        watched.leave(&first);
        assert!(!watched.is_empty());
        watched.leave(&second);
        assert!(watched.is_empty());
    }

    #[test]
    fn an_announcement_concerns_the_sessions_of_its_key() {
        let watched = WatchedSessions::default();
        let [alice, _bob] = ["alice", "bob"].map(|name| watched.watch(session(name, None)));
        assert_eq!(watched.take_due(0).0.len(), 2, "what is new");
        for key in ["session:alice", "user:alice", "logto:alice"] {
            watched.hear(key.to_owned());
            let (due, _) = watched.take_due(0);
            assert!(matches!(due.as_slice(), [one] if Arc::ptr_eq(one, &alice)), "{key}");
        }
        watched.hear("user:carol".to_owned());
        assert!(watched.take_due(0).0.is_empty());
    }

    #[test]
    fn more_announcements_than_are_kept_concern_all_sessions() {
        let watched = WatchedSessions::default();
        for (count, is_all) in [(MESSAGES, false), (MESSAGES + 1, true)] {
            (0..count).for_each(|n| watched.hear(format!("key {n}")));
            assert_eq!(watched.take_due(0).1, is_all, "{count}");
        }
    }

    #[test]
    fn what_was_not_announced_before_is_asked_for() {
        let watched = WatchedSessions::default();
        watched.set_listening(true);
        assert!(watched.is_listening() && watched.take_due(0).1);
        watched.end_work();
        assert!(!watched.is_listening() && watched.take_due(0).1);
    }

    #[test]
    fn a_marker_ends_the_sessions_of_its_key_that_do_not_know_it() {
        let marker = Version::from_number(1);
        let ends = Ends::after(None, 100, 9);
        for (key, expected) in [
            ("user:alice", [true, false, false]),
            // Which version of it is known says nothing about a session at Logto.
            ("logto:alice", [true, true, false]),
            ("user:carol", [false; 3]),
        ] {
            let watched = WatchedSessions::default();
            let sessions = [("alice", None), ("alice", Some(marker)), ("bob", None)];
            let sessions = sessions.map(|(name, known)| watched.watch(session(name, known)));
            watched.end_marked(key, &ends, marker);
            assert_eq!(sessions.map(|session| session.has_ended()), expected, "{key}");
        }
    }

    #[test]
    fn sessions_are_due_at_their_ends() {
        let watched = WatchedSessions::default();
        let [first, second] = [100, 200].map(|end| {
            let ends_at = AtomicU64::new(end);
            watched.watch(WatchedSession { ends_at, ..session("alice", None) })
        });
        let due = |now| {
            let (due, _) = watched.take_due(now);
            [&first, &second].map(|one| due.iter().any(|it| Arc::ptr_eq(it, one)))
        };
        assert_eq!(due(0), [true; 2], "what is new");
        assert_eq!(due(99), [false; 2]);
        assert_eq!(due(100), [true, false]);
        assert_eq!(due(199), [false; 2], "once");
        watched.leave(&first);
        assert_eq!(due(200), [false, true]);
    }

    #[test]
    fn what_is_new_is_due_beside_what_was_announced() {
        let watched = WatchedSessions::default();
        watched.hear("user:carol".to_owned());
        let new = watched.watch(session("alice", None));
        let (due, is_all) = watched.take_due(0);
        assert!(matches!(due.as_slice(), [one] if Arc::ptr_eq(one, &new)) && !is_all);
    }

    #[test]
    fn a_session_that_was_used_ends_later() {
        let watched = WatchedSessions::default();
        let ends_at = AtomicU64::new(100);
        let one = watched.watch(WatchedSession { ends_at, ..session("alice", None) });
        for (lives_until, ends_at) in [(200, 200), (150, 200)] {
            watched.lives_until(one.id, lives_until);
            assert_eq!(one.ends_at(), ends_at);
        }
    }
}
