//! Access tokens and userinfo of the signed-in user.

use std::sync::Arc;

use super::Context;
use crate::access_token::AccessToken;
use crate::error::{AccountProblem, Error, ErrorKind};
use crate::oidc::TokenRequest;
use crate::oidc::claims::UserInfo;
use crate::session::SessionState;
use crate::session::manager::LoadedSession;

impl Context {
    /// An access token for an API resource, for a resource in an organization, or the opaque one;
    /// see [`TokenRequest`]. It comes from the session, and is renewed when it is about to end:
    /// once, however many requests ask, on however many instances with a common store.
    ///
    /// If the session is kept in a cookie, a renewed token is stored in a cookie of this response:
    /// call this before the response is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if no user is signed in, or Logto ended the session;
    /// [`ErrorKind::Unreachable`] if the token has to be renewed and Logto does not answer: the
    /// session stays; [`ErrorKind::AccessDenied`] if the user is not a member of the
    /// organization; [`ErrorKind::InvalidClient`] if Logto does not accept the app's id or secret;
    /// [`ErrorKind::NotConfigured`] if the configuration does not name the resource, or not the
    /// scope that organizations need; [`ErrorKind::InvalidRequest`] if the current organization is
    /// asked for and there is none.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    /// use logto::web::Context;
    ///
    /// async fn authorization(context: &Context) -> Result<String, logto::Error> {
    ///     let request = TokenRequest::resource("https://api.example.com").in_current_organization();
    ///     let token = context.access_token(request).await?;
    ///     Ok(format!("Bearer {}", token.as_str()))
    /// }
    /// ```
    pub async fn access_token(
        &self,
        request: impl Into<TokenRequest>,
    ) -> Result<AccessToken, Error> {
        let request = request.into();
        self.tokens().get(&request).await.map_err(|error| self.failed("access_token", error))
    }

    /// The organization token of an organization that the user is in.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Context;
    ///
    /// /// Whether the user may invite others to an organization.
    /// async fn may_invite(context: &Context, organization: &str) -> Result<bool, logto::Error> {
    ///     let token = context.organization_token(organization).await?;
    ///     Ok(token.scopes().any(|scope| scope == "invite:member"))
    /// }
    /// ```
    pub async fn organization_token(
        &self,
        organization: impl Into<String>,
    ) -> Result<AccessToken, Error> {
        self.access_token(TokenRequest::organization(organization)).await
    }

    /// Asks Logto's userinfo endpoint about the signed-in user.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and [`ErrorKind::InvalidResponse`] if the answer is
    /// not about this user.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Context;
    ///
    /// /// The address as Logto knows it now, not as it was at sign-in.
    /// async fn email(context: &Context) -> Result<Option<String>, logto::Error> {
    ///     let info = context.fetch_user_info().await?;
    ///     Ok(info.email.clone().filter(|_| info.email_verified == Some(true)))
    /// }
    /// ```
    pub async fn fetch_user_info(&self) -> Result<UserInfo, Error> {
        self.tokens().user_info().await.map_err(|error| self.failed("user_info", error))
    }

    /// The error, logged, with the answer that this request gets for it.
    pub(super) fn failed(&self, operation: &'static str, error: Error) -> Error {
        self.engine().faults.report(operation, &error);
        self.answered(error)
    }

    pub(super) async fn signed_in(&self) -> Result<LoadedSession, Error> {
        self.loaded_session()
            .await?
            .ok_or_else(|| Error::new(ErrorKind::SignInRequired, "no user is signed in"))
    }

    /// The access tokens of the session.
    pub(super) fn tokens(&self) -> SessionTokens<'_> {
        SessionTokens(self)
    }

    /// Takes over what became of the session; its cookies are pending, if the browser's change.
    pub(super) fn move_on(&self, from: &LoadedSession, to: LoadedSession) -> Result<(), Error> {
        if from.session.revision == to.session.revision {
            return Ok(());
        }
        if to.is_stored() {
            // The browser's cookie stays as it is.
            self.update(to);
            return Ok(());
        }
        self.adopt(to)
    }
}

/// The access tokens of the session of a request.
#[derive(Clone, Copy)]
pub(super) struct SessionTokens<'a>(&'a Context);

impl<'a> SessionTokens<'a> {
    pub(super) fn context(self) -> &'a Context {
        self.0
    }

    pub(super) async fn user_info(self) -> Result<UserInfo, Error> {
        let grant = self.0.signed_in().await?.session.grant;
        self.with_opaque_token(|token| {
            let (engine, grant) = (Arc::clone(self.0.engine()), Arc::clone(&grant));
            async move { engine.user_info(token.as_str(), grant.shown().sub()).await }
        })
        .await
    }

    /// Asks Logto about the user; once more if the token turns out to have ended before its time.
    pub(super) async fn with_opaque_token<T, F>(
        self,
        ask: impl Fn(AccessToken) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let first = ask(self.get(&TokenRequest::opaque()).await?).await;
        match first {
            // A fresh token shows whether the session ended too.
            Err(error) if is_token_refused(&error) => {
                ask(self.get(&TokenRequest::opaque().refreshed()).await?).await
            }
            answer => answer,
        }
    }

    pub(super) async fn get(self, request: &TokenRequest) -> Result<AccessToken, Error> {
        let Self(context) = self;
        let request = &self.in_organization(request).await?;
        let engine = context.engine();
        engine.check_token_request(request)?;
        let loaded = context.signed_in().await?;
        let is_stale = engine.has_stale_token(&loaded, &request.target).await?;
        let request = if is_stale { &request.clone().refreshed() } else { request };
        let usable = self.with_usable_token(&loaded, request).await?;
        let token = usable.session.grant.token_for(&request.target);
        token.map(AccessToken::from).ok_or_else(|| {
            let why = "the renewed session has no such access token";
            Error::new(ErrorKind::InvalidResponse, why)
        })
    }

    /// The session with a good token, kept by the browser if it moved on.
    async fn with_usable_token(
        self,
        loaded: &LoadedSession,
        request: &TokenRequest,
    ) -> Result<LoadedSession, Error> {
        let Self(context) = self;
        let engine = context.engine();
        let outcome = engine.with_usable_token(loaded, request).await;
        match &outcome {
            Err(error) if error.needs_sign_in() => match error.response() {
                Some(_) => context.forget(SessionState::Revoked),
                // Ended by another request, which sees to the browser: it may have a new session.
                None if loaded.session.refresh_token().is_some() => context.mark_ended(),
                None => {}
            },
            // The refresh token may have been replaced all the same.
            Err(_) => {
                if let Ok(latest) = engine.sessions.latest(loaded).await {
                    context.move_on(loaded, latest)?;
                }
            }
            Ok(usable) => context.move_on(loaded, usable.clone())?,
        }
        outcome
    }
}

/// Whether Logto did not accept the access token, rather than what came with it.
fn is_token_refused(error: &Error) -> bool {
    let is_401 = error.response().is_some_and(|response| response.status() == Some(401));
    is_401 && error.account_problem() != Some(AccountProblem::VerificationRequired)
}
