//! Access tokens, as apps get them from a session or for themselves.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::session::StoredToken;

/// An access token to call an API with: the signed-in user's, or a [program's](crate::m2m).
///
/// # Example
///
/// ```
/// # async fn example(user: logto::web::User) -> Result<(), logto::Error> {
/// let token = user.access_token("https://api.example.com").await?;
/// let authorization = format!("Bearer {}", token.as_str());
/// let may_write = token.scopes().any(|scope| scope == "write:things");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    token: String,
    scope: String,
    expires_at: u64,
}

impl AccessToken {
    pub(crate) fn new(token: String, scope: String, expires_at: u64) -> Self {
        Self { token, scope, expires_at }
    }

    /// The token itself, for an `Authorization: Bearer` header. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The token itself.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::User;
    ///
    /// /// For a client library that keeps the token.
    /// async fn bearer(user: &User) -> Result<String, logto::Error> {
    ///     Ok(user.access_token("https://api.example.com").await?.into_string())
    /// }
    /// ```
    #[must_use]
    pub fn into_string(self) -> String {
        self.token
    }

    /// The scopes that Logto granted. The list can be empty.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When it ends, in seconds since the Unix epoch.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccessToken;
    ///
    /// /// For a client library that keeps the token: how many seconds it may do so.
    /// fn seconds_left(token: &AccessToken, now: u64) -> u64 {
    ///     token.expires_at().saturating_sub(now)
    /// }
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// The claims of a token for a resource or an organization, read without verification: it came
    /// from Logto just now. The opaque token has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the token is opaque, or its claims do not fit the type.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::User;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Plan {
    ///     plan: String,
    /// }
    ///
    /// /// What a custom JWT script of the tenant adds.
    /// async fn plan(user: &User) -> Result<String, logto::Error> {
    ///     let token = user.access_token("https://api.example.com").await?;
    ///     Ok(token.claims::<Plan>()?.plan)
    /// }
    /// ```
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let payload = self.token.split('.').nth(1).and_then(encoding::decode);
        let payload = payload.ok_or_else(|| {
            Error::new(ErrorKind::InvalidToken, "an opaque access token has no claims")
        })?;
        serde_json::from_slice(&payload).map_err(|e| {
            Error::malformed(ErrorKind::InvalidToken, "the access token's payload", &e)
        })
    }
}

impl From<&StoredToken> for AccessToken {
    fn from(stored: &StoredToken) -> Self {
        Self {
            token: stored.token.clone(),
            scope: stored.scope.clone(),
            expires_at: stored.expires_at,
        }
    }
}

/// Without the token.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
