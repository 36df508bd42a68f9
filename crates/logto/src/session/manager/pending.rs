//! Ends of sessions that could not be stored yet.
//!
//! A sign-out takes effect even if the store is down: what the store did not take is kept here, in
//! this process, and tried until the store answers. Meanwhile this process treats the session as
//! ended.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{LoadedSession, SessionBackend};
use crate::session::{SessionId, SessionPointer};

/// Each takes some hundred bytes.
pub(crate) const MAX_PENDING: usize = 10_000;

/// What has to be known of a session to end it.
#[derive(Clone)]
pub(crate) struct EndingSession {
    pub(crate) id: SessionId,
    pub(super) sub: String,
    pub(crate) started_at: u64,
    pub(super) backend: SessionBackend,
    pub(super) revision: u64,
    /// To be revoked, if the store has no newer one.
    pub(crate) refresh_token: Option<String>,
}

impl EndingSession {
    /// A session of which only the entry in the user's session list is known.
    pub(super) fn in_cookie(id: SessionId, sub: &str, started_at: u64) -> Self {
        Self {
            id,
            sub: sub.to_owned(),
            started_at,
            backend: SessionBackend::Cookie,
            revision: 0,
            refresh_token: None,
        }
    }
}

impl From<&LoadedSession> for EndingSession {
    fn from(loaded: &LoadedSession) -> Self {
        Self {
            id: loaded.session.id,
            sub: loaded.sub().to_owned(),
            started_at: loaded.session.started_at,
            backend: loaded.backend,
            revision: loaded.session.revision,
            refresh_token: loaded.session.refresh_token().map(str::to_owned),
        }
    }
}

impl From<&SessionPointer> for EndingSession {
    fn from(pointer: &SessionPointer) -> Self {
        Self {
            id: pointer.id,
            sub: pointer.sub.clone(),
            started_at: pointer.started_at,
            backend: SessionBackend::Store,
            revision: 0,
            refresh_token: None,
        }
    }
}

/// The ends that the store has not taken yet, oldest first.
#[derive(Default)]
pub(crate) struct PendingEnds {
    /// Whether there are any: every request asks.
    any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: HashMap<SessionId, EndingSession>,
    order: VecDeque<SessionId>,
    has_worker: bool,
}

/// What became of an end that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// No task works on them yet: the caller has to start one.
    First,
    Behind,
    /// There is no room; this one is lost.
    Full,
}

impl PendingEnds {
    pub(crate) fn add(&self, session: EndingSession) -> Added {
        let mut state = self.state();
        let id = session.id;
        if state.sessions.len() >= MAX_PENDING && !state.sessions.contains_key(&id) {
            return Added::Full;
        }
        if state.sessions.insert(id, session).is_none() {
            state.order.push_back(id);
        }
        self.any.store(true, Ordering::Release);
        match std::mem::replace(&mut state.has_worker, true) {
            true => Added::Behind,
            false => Added::First,
        }
    }

    /// Whether a session was ended here and the store does not know yet.
    pub(crate) fn has(&self, id: SessionId) -> bool {
        self.any.load(Ordering::Acquire) && self.state().sessions.contains_key(&id)
    }

    /// How many the store has not taken yet.
    pub(crate) fn count(&self) -> usize {
        self.state().sessions.len()
    }

    /// The oldest; `None` ends the work.
    pub(crate) fn next(&self) -> Option<EndingSession> {
        let mut state = self.state();
        let next = state.order.front().and_then(|id| state.sessions.get(id)).cloned();
        state.has_worker = next.is_some();
        next
    }

    /// Takes out the one that [`next`](Self::next) gave.
    pub(crate) fn remove_next(&self) {
        let mut state = self.state();
        if let Some(id) = state.order.pop_front() {
            state.sessions.remove(&id);
        }
        self.any.store(!state.sessions.is_empty(), Ordering::Release);
    }

    /// Notes that the work was cut, as by the end of a runtime; the next end begins it anew.
    pub(crate) fn note_worker_gone(&self) {
        self.state().has_worker = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PendingEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingEnds").field("count", &self.count()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(sub: &str) -> EndingSession {
        EndingSession::in_cookie(SessionId::random().unwrap(), sub, 1000)
    }

    #[test]
    fn the_oldest_is_stored_first_and_one_task_does_it() {
        let ends = PendingEnds::default();
        let sessions = ["a", "b"].map(ending);
        let [a, b] = sessions.clone().map(|session| session.id);
        assert!(!ends.has(a));
        assert_eq!(
            sessions.clone().map(|session| ends.add(session)),
            [Added::First, Added::Behind]
        );
        assert_eq!(sessions.map(|session| ends.add(session)), [Added::Behind; 2], "again");
        assert_eq!((ends.count(), ends.has(a), ends.has(b)), (2, true, true));
        assert_eq!(ends.next().map(|next| next.id), Some(a));
        assert_eq!(ends.next().map(|next| next.id), Some(a), "it may have to be tried again");
        ends.remove_next();
        assert_eq!((ends.count(), ends.has(a), ends.has(b)), (1, false, true));
        assert_eq!(ends.next().map(|next| next.id), Some(b));
        ends.remove_next();
        assert!(!ends.has(b));
        assert!(ends.next().is_none());
        assert_eq!(ends.add(ending("c")), Added::First, "the task has ended");
    }

    #[test]
    fn work_that_was_cut_is_taken_up_by_the_next_end() {
        let ends = PendingEnds::default();
        assert_eq!(ends.add(ending("a")), Added::First);
        ends.note_worker_gone();
        assert_eq!(ends.add(ending("b")), Added::First);
        assert_eq!(ends.count(), 2);
    }

    #[test]
    fn an_outage_takes_a_bounded_share_of_memory() {
        let ends = PendingEnds::default();
        for _ in 0..MAX_PENDING {
            assert_ne!(ends.add(ending("a")), Added::Full);
        }
        let late = ending("b");
        let id = late.id;
        assert_eq!(ends.add(late), Added::Full);
        assert_eq!((ends.count(), ends.has(id)), (MAX_PENDING, false));
        ends.remove_next();
        assert_eq!(ends.add(ending("c")), Added::Behind);
    }
}
