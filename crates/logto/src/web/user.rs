//! `User`: the signed-in user.

use std::fmt;
use std::sync::Arc;

use super::{Connector, ConnectorAccess, Context, SessionEnded};
use crate::access_token::AccessToken;
use crate::error::Error;
use crate::oidc::TokenRequest;
use crate::oidc::claims::{IdTokenClaims, UserInfo};
use crate::session::Grant;

/// A signed-in user.
///
/// # Example
///
/// ```
/// # use logto::web::User;
/// async fn card(user: &User) -> Result<String, logto::Error> {
///     // From the session, without a request.
///     let name = user.name().unwrap_or(user.sub());
///     // From Logto, now.
///     let info = user.fetch_user_info().await?;
///     Ok(format!("{name}, in {} organizations", info.organizations.len()))
/// }
/// ```
#[derive(Clone)]
pub struct User {
    grant: Arc<Grant>,
    context: Context,
}

impl User {
    pub(crate) fn new(grant: Arc<Grant>, context: Context) -> Self {
        Self { grant, context }
    }

    pub(super) fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The claims of the session's ID token.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// fn may_moderate(user: &User) -> bool {
    ///     user.claims().roles.iter().any(|role| role == "moderator")
    /// }
    /// ```
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        self.grant.claims()
    }

    /// The user's id in Logto.
    #[must_use]
    pub fn sub(&self) -> &str {
        self.grant.shown().sub()
    }

    /// The user's name: full name, or else user name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.grant.shown().name()
    }

    /// Address of the user's picture.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// fn avatar(user: &User) -> &str {
    ///     user.picture().unwrap_or("/static/avatar.png")
    /// }
    /// ```
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.grant.shown().picture()
    }

    /// The user's e-mail address; needs the scope `email`.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// fn receipt(user: &User) -> Result<String, &'static str> {
    ///     let to = user.email().ok_or("your account has no e-mail address")?;
    ///     Ok(format!("To: {to}\nSubject: Your order"))
    /// }
    /// ```
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.grant.shown().email()
    }

    /// An access token of the user for an API resource, for a resource in an organization, or the
    /// opaque one; see [`TokenRequest`]. It comes from the session, and is renewed when it is
    /// about to end: once, however many requests ask. Ask before the response goes out, because
    /// a session in a cookie keeps what was renewed by a cookie of that response.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`](crate::ErrorKind::SignInRequired) if Logto ended the session,
    /// [`ErrorKind::Unreachable`](crate::ErrorKind::Unreachable) if the token has to be renewed
    /// and Logto does not answer, [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if
    /// the user is not a member of the organization,
    /// [`ErrorKind::InvalidClient`](crate::ErrorKind::InvalidClient) if Logto does not accept the
    /// app's ID or secret, and [`ErrorKind::NotConfigured`](crate::ErrorKind::NotConfigured)
    /// if the configuration does not name the resource. In a handler, `?` makes
    /// each the response that fits.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Error, web::User};
    ///
    /// async fn authorization(user: &User) -> Result<String, Error> {
    ///     let token = user.access_token("https://api.example.test").await?;
    ///     Ok(format!("Bearer {}", token.as_str()))
    /// }
    /// ```
    pub async fn access_token(
        &self,
        request: impl Into<TokenRequest>,
    ) -> Result<AccessToken, Error> {
        self.context.access_token(request).await
    }

    /// An access token of the user for the permissions of the organization itself, not of an API.
    /// It needs the scope `urn:logto:scope:organizations`.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// async fn may_invite(user: &User, organization: &str) -> Result<bool, logto::Error> {
    ///     let token = user.organization_token(organization).await?;
    ///     Ok(token.scopes().any(|scope| scope == "invite:member"))
    /// }
    /// ```
    pub async fn organization_token(
        &self,
        organization: impl Into<String>,
    ) -> Result<AccessToken, Error> {
        self.context.organization_token(organization).await
    }

    /// Asks Logto for the user's claims as they are now (OpenID Connect Core, section 5.3); the ID
    /// token has those of the sign-in. Some scopes, such as `identities`, add claims here only.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// async fn linked_accounts(user: &User) -> Result<Vec<String>, logto::Error> {
    ///     // Needs the scope `identities`.
    ///     let info = user.fetch_user_info().await?;
    ///     Ok(info.identities.keys().cloned().collect())
    /// }
    /// ```
    pub async fn fetch_user_info(&self) -> Result<UserInfo, Error> {
        self.context.fetch_user_info().await
    }

    /// The user's token at another service, from Logto's Account API, or what is missing for it. It
    /// needs the scope `identities`, and a connector that keeps tokens. Ask each time, and do
    /// not keep it: Logto renews it when it has ended.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and
    /// [`ErrorKind::NotConfigured`](crate::ErrorKind::NotConfigured) if the configuration
    /// does not have the scope.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// async fn github_authorization(user: &User) -> Result<Option<String>, logto::Error> {
    ///     let access = user.connector_token("github").await?;
    ///     Ok(access.token().map(|token| format!("Bearer {}", token.as_str())))
    /// }
    /// ```
    pub async fn connector_token(
        &self,
        connector: impl Into<Connector>,
    ) -> Result<ConnectorAccess, Error> {
        self.context.connector_token(connector).await
    }

    /// The user's [token](Self::connector_token) at Hugging Face, to call the Hub or the Inference
    /// API for them.
    ///
    /// # Errors
    ///
    /// As [`connector_token`](Self::connector_token).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{ConnectorAccess, Reply, User};
    /// use logto::{DirectSignIn, Prompt, SignInOptions};
    ///
    /// async fn hub_authorization(user: &User) -> Result<String, Reply> {
    ///     if let ConnectorAccess::Token(token) = user.hugging_face_token().await? {
    ///         return Ok(format!("Bearer {}", token.as_str()));
    ///     }
    ///     let again = SignInOptions::new()
    ///         .with_direct_sign_in(DirectSignIn::hugging_face())
    ///         .with_prompt(Prompt::LoginConsent);
    ///     Err(user.context().sign_in(again).await?)
    /// }
    /// ```
    pub async fn hugging_face_token(&self) -> Result<ConnectorAccess, Error> {
        self.context.hugging_face_token().await
    }

    /// Completes when the session has ended: signed out here or elsewhere, ended by Logto or an
    /// administrator, refused at a refresh, or at the end of its lifetime. It does not complete
    /// when tokens are renewed, and not because Logto or the store cannot be reached.
    ///
    /// For what lives longer than a request: WebSockets, streams of events, background work. What
    /// ends the session in this process completes it at once; what ends it on another instance
    /// is learned through the store, usually within a second. An open stream does not count as
    /// use of the session: with an [idle lifetime](crate::LogtoConfig::with_idle_lifetime) it
    /// ends if nothing else uses the session. Without a store that instances share, ends on
    /// other instances are not known.
    ///
    /// The future keeps less than a kilobyte and not the `User`, so a handler that needs no more of
    /// the user lets go of it. It needs a tokio runtime.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// # async fn next_message() -> Option<String> { None }
    /// # async fn send(_: String) {}
    /// async fn conversation(user: User) {
    ///     let mut ended = user.session_ended();
    ///     loop {
    ///         tokio::select! {
    ///             () = &mut ended => break,
    ///             message = next_message() => match message {
    ///                 Some(message) => send(message).await,
    ///                 None => break,
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    pub fn session_ended(&self) -> SessionEnded {
        self.context.session_ended()
    }

    /// The request that the user made.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Reply, User};
    ///
    /// // POST /account/delete
    /// async fn delete_account(user: User) -> Result<Reply, Reply> {
    ///     user.context().require_own_page()?;
    ///     // Delete what the app has of the user, then:
    ///     Ok(user.context().sign_out().await)
    /// }
    /// ```
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("sub", &self.sub()).finish_non_exhaustive()
    }
}
