//! `Caller`: a program with an access token, or a page of the app with the session's cookie.

use std::ops::Deref;

use super::{Context, User};
use crate::error::{Error, ErrorKind};
use crate::oidc::TokenRequest;
use crate::resource_server::{AccessTokenClaims, Api, Policy};

/// The caller of a route of an API, by an access token of their own or by the session.
///
/// Both come to the same: a session is judged by the user's access token for the API.
///
/// # Example
///
/// ```
/// use logto::resource_server::{Api, Policy};
/// use logto::web::{Caller, Context};
///
/// const READ: Policy = Policy::new().with_scopes(&["read:things"]);
///
/// async fn things(context: &Context, api: &Api, authorization: &str) -> Result<String, logto::Error> {
///     let caller: Caller = context.caller(api, &READ, [authorization], None).await?;
///     Ok(match caller.user() {
///         Some(user) => format!("{}, on a page of this app", user.sub()),
///         None => format!("{}, with a token", caller.sub()),
///     })
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Caller {
    claims: AccessTokenClaims,
    user: Option<User>,
}

impl Caller {
    /// The signed-in user, if it is the session that permits the request.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

impl Context {
    /// The caller of this request, if `policy` permits it: with the access token in
    /// `authorization`, the values of the request's `Authorization` headers, or else by the
    /// session.
    ///
    /// A request that brings a token is judged by it alone. A session counts only where the request
    /// comes from a page of this app, except to read: other sites can make a browser send the
    /// cookie. To open a WebSocket is more than to read. For a session the user's access token for
    /// the API is taken, so the [configuration](crate::LogtoConfig::with_resources) has to name the
    /// API's resource, and the scopes that the policy asks for.
    ///
    /// `organization` is the one that the request is about, where the policy
    /// [asks](Policy::organization_from) for it.
    ///
    /// # Errors
    ///
    /// As [`Api::authorize`] and [`access_token`](Self::access_token). The error is also the answer
    /// to send: a user who opens a page is redirected to sign-in, or sees a page that says that it
    /// is not permitted; every other request gets the challenge for programs, and without a session
    /// the address to sign in at.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, Policy};
    /// use logto::web::{Context, Reply};
    ///
    /// const READ: Policy =
    ///     Policy::new().with_scopes(&["read:things"]).with_organization_in_header("x-organization-id");
    ///
    /// /// What an adapter does for a route that pages and programs call.
    /// async fn things(
    ///     context: &Context,
    ///     api: &Api,
    ///     authorization: &[&str],
    ///     organization: Option<&str>,
    /// ) -> Result<String, Reply> {
    ///     let caller = context.caller(api, &READ, authorization, organization).await?;
    ///     Ok(format!("the things of {}", caller.sub()))
    /// }
    /// ```
    pub async fn caller(
        &self,
        api: &Api,
        policy: &Policy,
        authorization: impl IntoIterator<Item: AsRef<[u8]>>,
        organization: Option<&str>,
    ) -> Result<Caller, Error> {
        let caller = self.permitted(api, policy, authorization, organization).await;
        caller.inspect_err(|_| self.note_refusal())
    }

    async fn permitted(
        &self,
        api: &Api,
        policy: &Policy,
        authorization: impl IntoIterator<Item: AsRef<[u8]>>,
        organization: Option<&str>,
    ) -> Result<Caller, Error> {
        let missing = match api.authorize(policy, authorization, organization).await {
            Err(error) if error.kind() == ErrorKind::MissingToken => error,
            outcome => return outcome.map(|claims| Caller { claims, user: None }),
        };
        self.protect();
        let Some(grant) = self.grant().await? else {
            return Err(self.neither_token_nor_session(missing));
        };
        if !self.request().is_safe() && !self.sender().is_from_here() {
            let why = "the request brings a session and comes from another site";
            let reply = self.wrong_origin("Requests with a session must come from {origin}.");
            return Err(Error::new(ErrorKind::Forbidden, why).answered_by(reply));
        }
        let request = match organization {
            Some(id) if policy.asks_for_organization_token() => TokenRequest::organization(id),
            Some(id) => TokenRequest::resource(api.resource()).in_organization(id),
            None => TokenRequest::resource(api.resource()),
        };
        let token = self.access_token(request).await?;
        let verified = api.verify_for(policy, token.as_str(), organization).await;
        let verified = verified.map_err(|error| self.not_permitted(error))?;
        Ok(Caller { claims: verified, user: Some(User::new(grant, self.clone())) })
    }
}

impl Deref for Caller {
    type Target = AccessTokenClaims;

    fn deref(&self) -> &AccessTokenClaims {
        &self.claims
    }
}
