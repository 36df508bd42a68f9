//! The back-channel logout endpoint (OpenID Connect Back-Channel Logout 1.0).

use url::form_urlencoded;

use super::{Context, Reply};
use crate::error::{Error, ErrorKind};
use crate::flow::LogoutRefusal;

impl Context {
    /// Ends the sessions that a logout token names.
    ///
    /// The answer is 200 when that is done, 400 for a token that is not good, and 503 if it cannot
    /// be told now, because Logto's keys or the store cannot be had.
    pub(super) async fn handle_back_channel_logout(&self) -> Reply {
        let context = self.clone();
        // Logto waits 2.5 s and does not send it again: what was begun is finished without it.
        let ended = self.engine().tasks.run(async move { context.end_sessions().await });
        let ended = match ended.await {
            Ok(ended) => ended,
            Err(stopped) => return Error::from(stopped).into(),
        };
        match ended {
            Ok(()) => Reply::new(200),
            Err(LogoutRefusal { error, .. }) if error.is_retryable() => Reply::from_error(&error),
            Err(LogoutRefusal { error, is_signed }) => {
                let limit = match is_signed {
                    true => &self.engine().refused_logouts,
                    false => &self.engine().unsigned_logouts,
                };
                if let Some(suppressed) = limit.admit() {
                    tracing::warn!(%error, suppressed, "a back-channel logout was refused");
                }
                // The member names of section 2.8; the reason is for our log.
                Reply::json(400, "invalid_request", "The logout token is not accepted.")
            }
        }
    }

    async fn end_sessions(&self) -> Result<(), LogoutRefusal> {
        let token = self.logout_token().map_err(LogoutRefusal::unsigned)?;
        self.engine().back_channel_logout(&token).await
    }

    fn logout_token(&self) -> Result<String, Error> {
        let wrong = |why: &'static str| Error::new(ErrorKind::InvalidRequest, why);
        if !self.request().is_form() {
            return Err(wrong("the request body is not a form"));
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
