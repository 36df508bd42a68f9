//! Ends sessions: now, or as soon as the store answers.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument;

use super::backoff::Backoff;
use super::engine::Engine;
use crate::error::Error;
use crate::log_limit::limited;
use crate::session::manager::{Added, EndingSession, ListedSession};

/// A session that was ended.
pub(crate) struct Ended {
    /// The refresh token that is left to be revoked, as far as it is known now.
    pub(crate) refresh_token: Option<String>,
    pub(crate) record: EndRecord,
}

/// Where the end of a session is recorded, the safest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EndRecord {
    Stored,
    /// In this process; other instances do not know of it yet.
    Pending,
    /// Nowhere: too many wait for the store.
    Lost,
}

/// Frees the place of the worker however its task ends.
struct Working {
    engine: Arc<Engine>,
    is_done: bool,
}

impl Drop for Working {
    fn drop(&mut self) {
        if !self.is_done {
            self.engine.sessions.pending.note_worker_gone();
        }
    }
}

impl Engine {
    /// Ends a session. What the store does not take now is kept and tried again.
    pub(crate) async fn end(self: &Arc<Self>, session: EndingSession) -> Ended {
        let error = match self.sessions.end(&session).await {
            Ok(refresh_token) => return Ended { refresh_token, record: EndRecord::Stored },
            Err(error) => error,
        };
        let refresh_token = session.refresh_token.clone();
        match self.sessions.pending.add(session) {
            Added::Full => {
                limited!(
                    error,
                    operation = "sign_out",
                    kind = ?error.kind(),
                    %error,
                    "sign-out lost: too many are waiting for the session store; a copy of the \
                     session's cookie is accepted until it expires. Make the session store available"
                );
                return Ended { refresh_token, record: EndRecord::Lost };
            }
            Added::Behind => {}
            Added::First => {
                tracing::error!(
                    operation = "sign_out",
                    kind = ?error.kind(),
                    %error,
                    "failed to store a sign-out; retrying until the session store is available"
                );
                drop(self.tasks.spawn(Arc::clone(self).store_ends()));
            }
        }
        Ended { refresh_token, record: EndRecord::Pending }
    }

    /// Ends sessions at the same time, so that a store that is down costs one time-out.
    pub(crate) async fn end_each(self: &Arc<Self>, sessions: Vec<EndingSession>) -> Vec<Ended> {
        let mut ends = JoinSet::new();
        for session in sessions {
            let engine = Arc::clone(self);
            ends.spawn(async move { engine.end(session).await }.in_current_span());
        }
        let mut ended = Vec::new();
        while let Some(one) = ends.join_next().await {
            ended.extend(one);
        }
        ended
    }

    /// Ends all sessions of a user that began by `until`, by Logto's clock, and
    /// revokes the refresh tokens of those that the store lists.
    pub(crate) async fn end_user(self: &Arc<Self>, sub: &str, until: u64) -> Result<(), Error> {
        self.end_listed(sub, |listed| listed.ending.started_at <= until).await?;
        // Last, as it hides from the list what could not be ended: the caller may try again.
        self.sessions.markers.end_user(sub, until).await
    }

    /// Ends one session of a user, by the id that the list gives it, and revokes its refresh token:
    /// whether there was one. What was begun is finished, even if no request waits for it.
    pub(crate) async fn end_by_id(self: &Arc<Self>, sub: &str, id: &str) -> Result<bool, Error> {
        let (engine, sub, id) = (Arc::clone(self), sub.to_owned(), id.to_owned());
        let ending =
            async move { engine.end_listed(&sub, |listed| listed.info(None).id == id).await };
        self.tasks.run(ending).await?.map(|ended| ended > 0)
    }

    /// Ends those sessions of the list of a user that are meant, and revokes their refresh
    /// tokens: how many there were.
    pub(crate) async fn end_listed(
        self: &Arc<Self>,
        sub: &str,
        is_meant: impl Fn(&ListedSession) -> bool,
    ) -> Result<usize, Error> {
        let now = self.settings.clock.now();
        let sessions = self.sessions.sessions_of(sub, now).await?;
        let mut tokens = Vec::new();
        let mut count = 0;
        let mut ended = Ok(());
        for listed in sessions.iter().filter(|listed| is_meant(listed)) {
            match self.sessions.end(&listed.ending).await {
                Ok(token) => tokens.extend(token),
                Err(error) => ended = Err(error),
            }
            count += 1;
        }
        self.revoke_all(tokens);
        ended.map(|()| count)
    }

    /// Works on what is pending until nothing is left.
    async fn store_ends(self: Arc<Self>) {
        let mut working = Working { engine: Arc::clone(&self), is_done: false };
        let pending = &self.sessions.pending;
        let mut pause = Backoff::default();
        let mut stored = 0_u64;
        while let Some(session) = pending.next() {
            match self.sessions.end(&session).await {
                Ok(token) => {
                    pending.remove_next();
                    self.revoke_all(token.into_iter().collect());
                    (stored, pause) = (stored + 1, Backoff::default());
                }
                Err(_) => pause.wait().await,
            }
        }
        working.is_done = true;
        tracing::info!(stored, "stored all pending sign-outs");
    }
}
