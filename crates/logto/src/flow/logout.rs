//! Back-channel logouts (OpenID Connect Back-Channel Logout 1.0): carried out now, or as soon as the
//! store answers.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::backoff::Backoff;
use super::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::oidc::jwt::{LogoutSubject, LogoutToken};

/// Seconds after the end of a session at Logto for which a sign-in may still bring it: one that was
/// under way. A person who takes longer was on Logto's own page, which begins another session.
const UNDER_WAY: u64 = 5;
/// Logouts that wait for the store.
const MOST_WAITING: usize = 10_000;

/// The places for logouts that wait for the store.
pub(crate) struct WaitingLogouts(Arc<Semaphore>);

impl Default for WaitingLogouts {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_WAITING)))
    }
}

impl fmt::Debug for WaitingLogouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = MOST_WAITING.saturating_sub(self.0.available_permits());
        f.debug_struct("WaitingLogouts").field("waiting", &waiting).finish()
    }
}

/// A logout that was verified.
struct Logout {
    token: LogoutToken,
    /// Sessions that began by then end, in seconds. It stays the same however long the logout waits.
    ended_at: u64,
}

impl Engine {
    /// Ends the sessions that a logout token names. Logto sends a token once: what the store does not
    /// take now is tried until it answers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the token was used before, and
    /// [`ErrorKind::StoreUnavailable`] if the sessions have not ended yet.
    pub(crate) async fn log_out(self: &Arc<Self>, token: LogoutToken) -> Result<(), Error> {
        // A token may arrive late, and an instance's clock may be behind Logto's.
        let ended_at = token.issued_at.max(self.settings.clock.now());
        let logout = Logout { token, ended_at };
        let error = match self.carry_out_logout(&logout).await {
            Err(error) if error.is_retryable() => error,
            outcome => return outcome,
        };
        match Arc::clone(&self.waiting_logouts.0).try_acquire_owned() {
            Ok(place) => {
                tracing::error!(%error, "failed to store a back-channel logout; retrying until the session store is available");
                let engine = Arc::clone(self);
                drop(self.tasks.spawn(async move {
                    let _place = place;
                    engine.log_out_at_last(&logout).await;
                }));
            }
            Err(_) => {
                tracing::error!(%error, "back-channel logout dropped: too many are waiting for the session store");
            }
        }
        Err(error)
    }

    async fn carry_out_logout(&self, logout: &Logout) -> Result<(), Error> {
        let Logout { token, ended_at } = logout;
        if self.sessions.is_carried_out(&token.jti).await? {
            let why = "the logout token was used before";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        match &token.whom {
            LogoutSubject::Session(sid) => {
                let until = ended_at.saturating_add(UNDER_WAY);
                self.sessions.end_logto_session(sid, until).await?;
            }
            LogoutSubject::Person(sub) => {
                self.sessions.end_person(sub, *ended_at).await?;
            }
        }
        self.sessions.note_carried_out(&token.jti, token.good_for).await
    }

    /// Tries as long as the process lives.
    async fn log_out_at_last(&self, logout: &Logout) {
        let mut pause = Backoff::default();
        loop {
            pause.wait().await;
            match self.carry_out_logout(logout).await {
                Ok(()) => {
                    tracing::info!("completed a delayed back-channel logout");
                    return;
                }
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    tracing::info!(%error, "gave up on a delayed back-channel logout");
                    return;
                }
            }
        }
    }
}
