//! `get_context`: claims, userinfo, and tokens in one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Context;
use crate::access_token::AccessToken;
use crate::error::Error;
use crate::oidc::TokenRequest;
use crate::oidc::claims::{IdTokenClaims, UserInfo};

/// What [`Context::get_context`] is to find out.
///
/// # Example
///
/// ```
/// use logto::TokenRequest;
/// use logto::web::{Context, ContextRequest};
///
/// # async fn example(context: Context) -> Result<(), logto::Error> {
/// let wanted = ContextRequest::new()
///     .with_user_info()
///     .with_access_token(TokenRequest::resource("https://api.example.com"))
///     .with_organization_tokens();
/// let context = context.get_context(wanted).await?;
/// if let Some(claims) = &context.claims {
///     println!("{} is in {} organizations", claims.sub, context.organization_tokens.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ContextRequest {
    user_info: bool,
    access_token: Option<TokenRequest>,
    organization_tokens: bool,
}

impl ContextRequest {
    /// The claims alone, which cost nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Userinfo too.
    pub fn with_user_info(mut self) -> Self {
        self.user_info = true;
        self
    }

    /// An access token too.
    pub fn with_access_token(mut self, request: impl Into<TokenRequest>) -> Self {
        self.access_token = Some(request.into());
        self
    }

    /// A token for each organization that the ID token names.
    pub fn with_organization_tokens(mut self) -> Self {
        self.organization_tokens = true;
        self
    }
}

/// What is known of the user of a request, as `getContext` of Logto's other SDKs has it.
///
/// # Example
///
/// ```
/// use logto::web::LogtoContext;
///
/// fn greeting(context: &LogtoContext) -> String {
///     let claims = context.claims.as_ref();
///     let name = claims.and_then(|claims| claims.name.as_deref()).unwrap_or("you");
///     if context.is_authenticated { format!("Hello {name}") } else { "Please sign in".to_owned() }
/// }
///
/// assert_eq!(greeting(&LogtoContext::default()), "Please sign in");
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LogtoContext {
    /// Whether a user is signed in. If not, everything else is empty.
    pub is_authenticated: bool,
    /// The claims of the session's ID token.
    pub claims: Option<Arc<IdTokenClaims>>,
    /// What userinfo says, if it was asked for.
    pub user_info: Option<UserInfo>,
    /// The access token, if it was asked for; its scopes are its own.
    pub access_token: Option<AccessToken>,
    /// Organization tokens by organization, if they were asked for.
    pub organization_tokens: BTreeMap<String, AccessToken>,
}

impl Context {
    /// Claims, userinfo, access token and organization tokens in one call, as far as they are asked
    /// for.
    ///
    /// # Errors
    ///
    /// Those of [`access_token`](Self::access_token) and
    /// [`fetch_user_info`](Self::fetch_user_info). It is no error if no user is signed in; an
    /// outage is one, and never looks like a sign-out.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, ContextRequest};
    ///
    /// /// What a page of a single-page app asks for when it is loaded.
    /// async fn me(context: &Context) -> Result<String, logto::Error> {
    ///     let found = context.get_context(ContextRequest::new().with_user_info()).await?;
    ///     let email = found.user_info.and_then(|info| info.email.clone());
    ///     Ok(match found.is_authenticated {
    ///         true => format!("signed in, {}", email.as_deref().unwrap_or("no address")),
    ///         false => "not signed in".to_owned(),
    ///     })
    /// }
    /// ```
    pub async fn get_context(&self, wanted: ContextRequest) -> Result<LogtoContext, Error> {
        let Some(claims) = self.id_token_claims().await? else {
            return Ok(LogtoContext::default());
        };
        let mut found = LogtoContext { is_authenticated: true, ..LogtoContext::default() };
        if wanted.user_info {
            found.user_info = Some(self.fetch_user_info().await?);
        }
        if let Some(request) = wanted.access_token {
            found.access_token = Some(self.access_token(request).await?);
        }
        if wanted.organization_tokens {
            for organization in &claims.organizations {
                let token = self.organization_token(organization).await?;
                found.organization_tokens.insert(organization.clone(), token);
            }
        }
        // The tokens may have brought newer claims.
        found.claims = self.id_token_claims().await?;
        Ok(found)
    }
}
