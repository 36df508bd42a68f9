//! Tokens and userinfo for the signed-in person.

use std::sync::Arc;

use super::{Context, SessionState};
use crate::claims::UserInfo;
use crate::error::{Error, ErrorKind};
use crate::refresh::Refreshed;
use crate::session::Session;

impl Context {
    /// The opaque access token, good for userinfo and Logto's Account API; renewed if it is about
    /// to end.
    ///
    /// A renewal is kept by a cookie of this request's answer. Ask before the answer goes out: a
    /// stream or a task that asks later gets a token, but the browser keeps the old session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if nobody is signed in, or Logto ended the session;
    /// [`ErrorKind::Unreachable`] if the token has to be renewed and Logto does not answer: the
    /// session stays.
    pub async fn access_token(&self) -> Result<String, Error> {
        self.usable_session()
            .await
            .and_then(|session| token_of(&session))
            .map_err(|error| self.answered(error))
    }

    /// Asks Logto's userinfo endpoint about the signed-in person.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and [`ErrorKind::InvalidResponse`] if the answer is
    /// not about this person.
    pub async fn fetch_user_info(&self) -> Result<UserInfo, Error> {
        self.user_info().await.map_err(|error| self.answered(error))
    }

    async fn user_info(&self) -> Result<UserInfo, Error> {
        let session = self.usable_session().await?;
        let sub = session.claims()?.sub.clone();
        let first = self.logto().user_info(&token_of(&session)?, &sub).await;
        match first {
            // The token ended before its time; a fresh one shows whether the session did too.
            Err(error)
                if error
                    .response()
                    .is_some_and(|response| response.status() == 401) =>
            {
                let session = self.renew(&session).await?;
                self.logto().user_info(&token_of(&session)?, &sub).await
            }
            answer => answer,
        }
    }

    async fn usable_session(&self) -> Result<Arc<Session>, Error> {
        let current = self.current();
        let session = current
            .session()
            .ok_or_else(|| Error::new(ErrorKind::SignInRequired, "nobody is signed in"))?;
        let now = self.now();
        match &session.access_token {
            Some(token) if token.is_usable(now) => Ok(Arc::clone(session)),
            _ => self.renew(session).await,
        }
    }

    /// Redeems the session's refresh token, once for all requests that ask at the same time, and
    /// owes the new session to the browser.
    async fn renew(&self, session: &Arc<Session>) -> Result<Arc<Session>, Error> {
        let refresh_token = session.refresh_token.clone().ok_or_else(|| {
            let why = "the access token has ended and there is no refresh token to renew it";
            Error::new(ErrorKind::SignInRequired, why)
        })?;
        let (logto, old) = (Arc::clone(self.logto()), Arc::clone(session));
        let refresh = || async move { logto.redeem_refresh_token(&old).await };
        let outcome = self.logto().refreshes.once(&refresh_token, refresh).await;
        self.renewed_from(&refresh_token);
        match outcome {
            Ok(Refreshed {
                session: renewed,
                problem,
            }) => {
                self.keep_renewed(session, renewed)?;
                match problem {
                    Some(problem) => Err(problem),
                    None => self.current().session().cloned().ok_or_else(|| {
                        Error::new(
                            ErrorKind::InvalidToken,
                            "the renewed session cannot be read",
                        )
                    }),
                }
            }
            Err(error) => {
                if error.needs_sign_in() {
                    tracing::info!(%error, "Logto ended a session");
                    self.end(SessionState::Revoked);
                }
                Err(error)
            }
        }
    }

    /// If the claims have outgrown the cookies meanwhile, the old ones stay: they are better than a
    /// lost refresh token.
    fn keep_renewed(&self, old: &Session, renewed: Session) -> Result<(), Error> {
        let with_old_claims = Session {
            id_token: old.id_token.clone(),
            ..renewed.clone()
        };
        match self.keep(renewed) {
            Err(error) if error.kind() == ErrorKind::SessionTooLarge => {
                tracing::warn!(%error, "the session keeps its old claims");
                self.keep(with_old_claims)
            }
            kept => kept,
        }
    }
}

fn token_of(session: &Session) -> Result<String, Error> {
    session
        .access_token
        .as_ref()
        .map(|token| token.token.clone())
        .ok_or_else(|| Error::new(ErrorKind::SignInRequired, "the session has no access token"))
}
