//! An access token, as it is handed out and stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Seconds before its end at which a token is not used any more.
const LAST_SECONDS: u64 = 30;

/// An access token of the user who signed in.
///
/// # Example
///
/// ```
/// use logto_native::{Error, NativeApp};
///
/// /// The header for a request to the API.
/// async fn authorization(app: &NativeApp) -> Result<String, Error> {
///     let token = app.access_token("https://api.example.com").await?;
///     if !token.scopes().any(|scope| scope == "write:things") {
///         eprintln!("You may read things, but not write them.");
///     }
///     eprintln!("The token ends at {}, in seconds since 1970.", token.expires_at());
///     Ok(format!("Bearer {}", token.as_str()))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    pub(crate) resource: Option<String>,
    pub(crate) token: String,
    pub(crate) scope: String,
    pub(crate) expires_at: u64,
}

impl AccessToken {
    /// The token itself, for an `Authorization: Bearer` header. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The scopes that Logto granted. The list can be empty.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When it ends, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    pub(crate) fn is_usable(&self, now: u64) -> bool {
        now.saturating_add(LAST_SECONDS) < self.expires_at
    }
}

/// Without the token.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("resource", &self.resource)
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
