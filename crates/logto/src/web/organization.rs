//! The organization that a user works in at present.

use std::sync::Arc;

use super::tokens::SessionTokens;
use super::{Context, User};
use crate::error::{Error, ErrorKind};
use crate::oidc::TokenRequest;
use crate::session::{Grant, Session, StoredTokens};

impl Context {
    /// Goes on in another organization, which the session remembers on all its pages until it is
    /// changed or the session ends.
    ///
    /// Logto is asked for a token of the organization first, so the user is a member now, and the
    /// claims of the session are new. A session that is kept in a cookie keeps this by a cookie
    /// of this request's answer.
    ///
    /// The choice does not grant permissions. What the user may do in the organization is in the
    /// tokens: [`TokenRequest::in_current_organization`].
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token): [`ErrorKind::AccessDenied`] if the user is not a
    /// member, or has no second factor where the organization asks for one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::ErrorKind;
    /// use logto::web::{Context, Reply};
    ///
    /// // POST /organization
    /// async fn choose(context: &Context, id: Option<&str>) -> Result<&'static str, Reply> {
    ///     context.require_own_page()?;
    ///     let Some(id) = id else {
    ///         context.clear_organization().await?;
    ///         return Ok("You work for yourself.");
    ///     };
    ///     match context.switch_organization(id).await {
    ///         Ok(()) => Ok("You work in the organization."),
    ///         Err(error) if error.kind() == ErrorKind::AccessDenied => Ok("You are not a member."),
    ///         Err(error) => Err(error.into()),
    ///     }
    /// }
    /// ```
    pub async fn switch_organization(&self, id: impl Into<String>) -> Result<(), Error> {
        let id = id.into();
        self.access_token(TokenRequest::organization(id.as_str()).refreshed()).await?;
        self.tokens().keep_organization(Some(id)).await
    }

    /// Goes on without an organization. The user stays a member. See
    /// [`switch_organization`](Self::switch_organization) for an example.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if no user is signed in,
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    pub async fn clear_organization(&self) -> Result<(), Error> {
        self.tokens().keep_organization(None).await
    }
}

impl SessionTokens<'_> {
    async fn keep_organization(self, organization: Option<String>) -> Result<(), Error> {
        let context = self.context();
        let changed = async {
            let loaded = context.signed_in().await?;
            let change = |session: &mut Session| session.set_organization(organization.clone());
            let changed = context.engine().sessions.update(&loaded, context.now(), change).await?;
            context.move_on(&loaded, changed)
        };
        changed.await.map_err(|error| context.failed("switch_organization", error))
    }

    /// The request with the organization that the user works in, if it asks for that.
    pub(super) async fn in_organization(
        self,
        request: &TokenRequest,
    ) -> Result<TokenRequest, Error> {
        let mut request = request.clone();
        if request.in_current_organization {
            let grant = self.context().grant().await?;
            let current = grant.and_then(|grant| grant.tokens().organization.clone());
            let current = current.ok_or_else(|| {
                let why = "no current organization: call switch_organization first";
                Error::new(ErrorKind::InvalidRequest, why)
            })?;
            request.target.organization = Some(current);
        }
        Ok(request)
    }
}

impl User {
    /// The id of the organization that the user works in, as they or the app
    /// [chose](Context::switch_organization). They were a member then; what they may do now is in
    /// the tokens.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    /// use logto::web::{Reply, User};
    ///
    /// async fn things(user: User) -> Result<String, Reply> {
    ///     let Some(organization) = user.current_organization_id() else {
    ///         return Ok("Choose an organization first.".to_owned());
    ///     };
    ///     let request = TokenRequest::resource("https://api.example.com").in_current_organization();
    ///     let token = user.access_token(request).await?;
    ///     Ok(format!("A token for {organization}: {:?}", token))
    /// }
    /// ```
    #[must_use]
    pub fn current_organization_id(&self) -> Option<&str> {
        self.grant().tokens().organization.as_deref()
    }

    /// See [`Context::switch_organization`], which has an example. This value stays as it is; the
    /// next request sees the change.
    ///
    /// # Errors
    ///
    /// Those of [`Context::switch_organization`].
    pub async fn switch_organization(&self, id: impl Into<String>) -> Result<(), Error> {
        self.context().switch_organization(id).await
    }

    /// See [`Context::clear_organization`]. This value stays as it is; the next request sees the
    /// change.
    ///
    /// # Errors
    ///
    /// Those of [`Context::clear_organization`].
    pub async fn clear_organization(&self) -> Result<(), Error> {
        self.context().clear_organization().await
    }
}

impl Session {
    /// Whether that changed anything.
    pub(crate) fn set_organization(&mut self, organization: Option<String>) -> bool {
        let tokens = self.grant.tokens();
        let changes = tokens.organization != organization;
        if changes {
            let tokens = StoredTokens { organization, ..tokens.clone() };
            self.grant = Grant::new(Arc::clone(self.grant.claims()), tokens);
        }
        changes
    }
}
