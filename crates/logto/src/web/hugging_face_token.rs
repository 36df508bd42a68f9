//! The Hugging Face token that Logto stores for a user.

use std::fmt;

use serde::Deserialize;
use url::Url;

use super::Context;
use crate::config::scope;
use crate::error::{Error, ErrorKind};
use crate::http::{Endpoint, Http};

/// Below the endpoint.
const PATH: [&str; 5] = ["api", "my-account", "identities", "huggingface", "access-token"];

/// The person's own Hugging Face token, to call the Hub or the Inference API as this person.
#[derive(Clone, PartialEq, Eq)]
pub struct HuggingFaceToken {
    token: String,
    scope: String,
    expires_at: Option<u64>,
}

/// What Logto has of a person's Hugging Face token.
///
/// Where the person has to come through Hugging Face again, that takes a sign-in with
/// [`Prompt::LoginConsent`](crate::Prompt::LoginConsent), or after a sign-out: Logto answers any
/// other from its own session and does not ask Hugging Face.
///
/// # Example
///
/// ```
/// use logto::web::{HuggingFaceAccess, User};
///
/// # async fn example(user: User) -> Result<(), logto::Error> {
/// match user.hugging_face_token().await? {
///     HuggingFaceAccess::Token(token) => {
///         let authorization = format!("Bearer {}", token.as_str());
///     }
///     HuggingFaceAccess::NotEnabled => println!("run logto setup hugging-face --with-token-storage"),
///     _ => println!("sign in with Hugging Face again"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HuggingFaceAccess {
    /// A token that is valid now.
    Token(HuggingFaceToken),
    /// Logto has none of this person (`secrets.third_party_token_set.token_not_found`). Either the
    /// connector does not keep tokens, which `logto setup hugging-face --with-token-storage` fixes,
    /// or the person has not come through Hugging Face since it does: they sign in with
    /// [`DirectSignIn::hugging_face`](crate::DirectSignIn::hugging_face) and that prompt.
    NotStored,
    /// It ended and could not be renewed (`secrets.third_party_token_set.access_token_expired`, or
    /// `connector.…` if Hugging Face did not renew it). The person signs in with Hugging Face again.
    Expired,
    /// The tenant's account center is off, as it is at first (`account_center.not_enabled`).
    /// `logto setup hugging-face --with-token-storage` switches it on.
    NotEnabled,
    /// The session began without the scope `identities` (`auth.forbidden`). The person signs in
    /// again.
    NotGranted,
}

impl Context {
    /// The person's Hugging Face token, from Logto's Account API. It needs the scope `identities`,
    /// and a tenant that keeps such tokens.
    ///
    /// Logto is asked each time, so that a token that ended or was deleted is never handed out;
    /// requests that ask at the same time share one answer. Logto renews the token when it has
    /// ended. Where several instances ask at that moment, some of them may be told that it is
    /// [`Expired`](HuggingFaceAccess::Expired) although the next request gets it.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token); [`ErrorKind::InvalidRequest`] if the configuration
    /// does not have the scope.
    pub async fn hugging_face_token(&self) -> Result<HuggingFaceAccess, Error> {
        let access = self.hugging_face_access().await;
        access.map_err(|error| self.failed("hugging_face_token", error))
    }

    async fn hugging_face_access(&self) -> Result<HuggingFaceAccess, Error> {
        let logto = self.logto();
        let settings = &logto.settings;
        if !settings.scopes.iter().any(|one| one == scope::IDENTITIES) {
            let why = "the Hugging Face token needs the scope identities";
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        let mut url = settings.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(PATH);
        }
        let (now, clock) = (self.now(), &settings.clock);
        self.with_opaque_token(|token| {
            let url = url.clone();
            async move {
                let read = read(&logto.http, &url, token.as_str());
                let reads = &logto.hugging_face_reads;
                match reads.share(token.as_str(), clock, read).await {
                    Ok(body) => HuggingFaceToken::parse(&body, now).map(HuggingFaceAccess::Token),
                    Err(error) => HuggingFaceAccess::without_token(&error).ok_or(error),
                }
            }
        })
        .await
    }
}

async fn read(http: &Http, url: &Url, access_token: &str) -> Result<Vec<u8>, Error> {
    let mut answer = http.get(Endpoint::Account, url, Some(access_token)).await;
    if answer.as_ref().is_err_and(connector_failed) {
        // Hugging Face's refresh tokens work once: another request may have won, and Logto has the
        // new token by now.
        answer = http.get(Endpoint::Account, url, Some(access_token)).await;
    }
    answer
}

fn connector_failed(error: &Error) -> bool {
    code(error).starts_with("connector.")
}

/// Logto's own code. The status does not tell these errors apart.
fn code(error: &Error) -> &str {
    error.response().and_then(|response| response.error()).unwrap_or_default()
}

impl HuggingFaceAccess {
    /// The token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&HuggingFaceToken> {
        match self {
            Self::Token(token) => Some(token),
            _ => None,
        }
    }

    fn without_token(error: &Error) -> Option<Self> {
        match code(error) {
            "secrets.third_party_token_set.token_not_found" => Some(Self::NotStored),
            "secrets.third_party_token_set.access_token_expired" => Some(Self::Expired),
            "account_center.not_enabled" => Some(Self::NotEnabled),
            "auth.forbidden" => Some(Self::NotGranted),
            _ if connector_failed(error) => Some(Self::Expired),
            _ => None,
        }
    }
}

impl HuggingFaceToken {
    fn parse(body: &[u8], now: u64) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Body {
            access_token: String,
            scope: Option<String>,
            expires_in: Option<u64>,
        }
        let body: Body = serde_json::from_slice(body).map_err(|error| {
            Error::malformed(ErrorKind::InvalidResponse, "the Hugging Face token", &error)
        })?;
        Ok(Self {
            token: body.access_token,
            scope: body.scope.unwrap_or_default(),
            expires_at: body.expires_in.map(|seconds| now.saturating_add(seconds)),
        })
    }

    /// The token itself, for an `Authorization: Bearer` header. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The scopes that Hugging Face granted, for example `inference-api`.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When it ends, in seconds since the Unix epoch; `None` if Hugging Face did not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }
}

/// Without the token.
impl fmt::Debug for HuggingFaceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HuggingFaceToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
