//! Back-channel logouts (OpenID Connect Back-Channel Logout 1.0): carried out now, or as soon as
//! the store answers.

use std::sync::Arc;

use super::backoff::Backoff;
use super::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;
use crate::oidc::jwt::{Compact, LogoutSubject, LogoutToken, verify_logout_token};
use crate::oidc::provider::TokenOrigin;

/// Seconds after the end of a session at Logto for which a sign-in may still bring it: one that was
/// under way. A user who takes longer was on Logto's own page, which begins another session.
const UNDER_WAY: u64 = 5;

/// Why a logout was not carried out.
pub(crate) struct LogoutRefusal {
    pub(crate) error: Error,
    /// Whether the token is Logto's.
    pub(crate) is_signed: bool,
}

impl LogoutRefusal {
    /// Of a request that anyone can make.
    pub(crate) fn unsigned(error: Error) -> Self {
        Self { error, is_signed: false }
    }

    fn signed(error: Error) -> Self {
        Self { error, is_signed: true }
    }
}

/// A logout that was verified.
struct Logout {
    token: LogoutToken,
    /// Sessions that began by then end, in seconds. It stays the same however long the logout
    /// waits.
    ended_at: u64,
}

impl Engine {
    /// Verifies a logout token, and ends the sessions that it names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the token is not good or was used before, and a
    /// [retryable](Error::is_retryable) error if Logto's keys or the store cannot be had now.
    pub(crate) async fn back_channel_logout(
        self: &Arc<Self>,
        token: &str,
    ) -> Result<(), LogoutRefusal> {
        let token = self.verify_logout_token(token).await.inspect_err(|refusal| {
            let error = &refusal.error;
            if error.is_retryable() {
                limited!(
                    error,
                    %error,
                    "back-channel logout dropped: failed to verify the logout token"
                );
            }
        })?;
        self.log_out(token).await.map_err(LogoutRefusal::signed)
    }

    async fn verify_logout_token(&self, token: &str) -> Result<LogoutToken, LogoutRefusal> {
        let token = Compact::parse(token).map_err(LogoutRefusal::unsigned)?;
        let signature = self.provider.verify_signature(&token, TokenOrigin::Untrusted);
        signature.await.map_err(LogoutRefusal::unsigned)?;
        // Users have other tokens that Logto signed.
        let is_signed = token.is_logout_token();
        let metadata = self.provider.metadata().await.map_err(LogoutRefusal::signed)?;
        let verified = verify_logout_token(
            &token,
            &metadata.issuer,
            &self.settings.app_id,
            self.settings.clock.now(),
            self.settings.clock_tolerance,
        );
        verified.map_err(|error| LogoutRefusal { error, is_signed })
    }

    /// Ends the sessions that a logout token names. Logto sends a token once: what the store does
    /// not take now is tried until it answers.
    async fn log_out(self: &Arc<Self>, token: LogoutToken) -> Result<(), Error> {
        // A token may arrive late, and an instance's clock may be behind Logto's.
        let ended_at = token.issued_at.max(self.settings.clock.now());
        let logout = Logout { token, ended_at };
        let error = match self.carry_out_logout(&logout).await {
            Err(error) if error.is_retryable() => error,
            outcome => return outcome,
        };
        match self.waiting_logouts.admit() {
            Some(place) => {
                limited!(
                    error,
                    operation = "back_channel_logout",
                    kind = ?error.kind(),
                    %error,
                    "failed to store a back-channel logout; retrying until the session store is \
                     available"
                );
                let engine = Arc::clone(self);
                drop(self.tasks.spawn(async move {
                    let _place = place;
                    engine.log_out_at_last(&logout).await;
                }));
            }
            None => {
                limited!(
                    error,
                    %error,
                    "back-channel logout dropped: too many are waiting for the session store"
                );
            }
        }
        Err(error)
    }

    async fn carry_out_logout(&self, logout: &Logout) -> Result<(), Error> {
        let Logout { token, ended_at } = logout;
        if self.sessions.replay_guards.is_carried_out(&token.jti).await? {
            let why = "the logout token was used before";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        match &token.whom {
            LogoutSubject::Session { sid, sub } => {
                let until = ended_at.saturating_add(UNDER_WAY);
                self.sessions.markers.end_logto_session(sid, until).await?;
                if let Some(sub) = sub {
                    self.sessions.markers.end_sessions_without_sid(sub, token.issued_at).await?;
                }
            }
            LogoutSubject::User(sub) => {
                self.sessions.markers.end_user(sub, *ended_at).await?;
            }
        }
        self.sessions.replay_guards.note_carried_out(&token.jti, token.good_for).await
    }

    /// Tries as long as the process lives.
    async fn log_out_at_last(&self, logout: &Logout) {
        let mut pause = Backoff::default();
        loop {
            pause.wait().await;
            match self.carry_out_logout(logout).await {
                Ok(()) => {
                    limited!(info, "completed a delayed back-channel logout");
                    return;
                }
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    limited!(info, %error, "gave up on a delayed back-channel logout");
                    return;
                }
            }
        }
    }
}
