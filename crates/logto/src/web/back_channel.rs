//! The back-channel logout endpoint (OpenID Connect Back-Channel Logout 1.0).

use url::form_urlencoded;

use super::{Context, Reply};
use crate::error::{Error, ErrorKind};
use crate::oidc::jwt::LogoutSubject;

/// Seconds after the end of a session at Logto for which a sign-in may still bring it: one that was
/// under way. A person who takes longer was on Logto's own page, which begins another session.
const UNDER_WAY: u64 = 5;

impl Context {
    /// Ends the sessions that a logout token names.
    ///
    /// The answer is 200 when that is done, 400 for a token that is not good, and 503 if it cannot be
    /// tell now, because Logto's keys or the store cannot be had.
    pub(super) async fn handle_back_channel_logout(&self) -> Reply {
        let context = self.clone();
        // Logto waits 2.5 s and does not send it again: what was begun is finished without it.
        let ended = self.logto().tasks.run(async move { context.end_sessions().await });
        match ended.await {
            Ok(()) => Reply::new(200),
            Err(error) if error.is_retryable() => {
                tracing::error!(%error, "a back-channel logout could not be carried out");
                Reply::from_error(&error)
            }
            Err(error) => {
                if let Some(suppressed) = self.logto().refused_logouts.admit() {
                    tracing::warn!(%error, suppressed, "a back-channel logout was refused");
                }
                // The member names of section 2.8; the reason is for our log.
                Reply::json(400, "invalid_request", "The logout token is not accepted.")
            }
        }
    }

    async fn end_sessions(&self) -> Result<(), Error> {
        let logto = self.logto();
        let token = logto.verify_logout_token(&self.logout_token()?).await?;
        if logto.sessions.is_carried_out(&token.jti).await? {
            let why = "the logout token was used before";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        // A token may arrive late, and an instance's clock may be behind Logto's.
        let ended_at = token.issued_at.max(logto.settings.clock.now());
        match &token.whom {
            LogoutSubject::Session(sid) => {
                let until = ended_at.saturating_add(UNDER_WAY);
                logto.sessions.end_logto_session(sid, until).await?;
            }
            LogoutSubject::Person(sub) => {
                logto.sessions.end_person(sub, ended_at).await?;
            }
        }
        let jti = logto.sessions.note_carried_out(&token.jti, token.good_for);
        jti.await
    }

    fn logout_token(&self) -> Result<String, Error> {
        let wrong = |why: &'static str| Error::new(ErrorKind::InvalidRequest, why);
        if !self.request().is_form() {
            return Err(wrong("the request is no form"));
        }
        let mut tokens = form_urlencoded::parse(self.request().body())
            .filter(|(name, _)| name == "logout_token")
            .map(|(_, token)| token.into_owned());
        match (tokens.next(), tokens.next()) {
            (Some(token), None) => Ok(token),
            (None, _) => Err(wrong("the request has no logout token")),
            (Some(_), Some(_)) => Err(wrong("the request has several logout tokens")),
        }
    }
}
