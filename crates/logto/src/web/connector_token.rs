//! The tokens of social and enterprise connectors that Logto stores for a user (Account API).

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use super::Context;
use crate::config::scope;
use crate::error::{Error, ErrorKind};
use crate::http::{Endpoint, Http};

/// Below the endpoint.
const ACCOUNT: [&str; 2] = ["api", "my-account"];

/// The connector whose token is asked for. Text is the target of a social connector, as in
/// `user.connector_token("github")`.
///
/// # Example
///
/// ```
/// use logto::web::{Connector, User};
///
/// async fn is_linked(user: &User) -> Result<bool, logto::Error> {
///     let access = user.connector_token(Connector::Sso("my-sso-connector".to_owned())).await?;
///     Ok(access.token().is_some())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connector {
    /// A social connector, by its target: `github`, `google`, `huggingface`.
    Social(String),
    /// An enterprise connector, by its id.
    Sso(String),
}

impl Connector {
    /// Hugging Face.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Connector;
    ///
    /// assert_eq!(Connector::hugging_face(), Connector::from("huggingface"));
    /// ```
    #[must_use]
    pub fn hugging_face() -> Self {
        Self::Social("huggingface".to_owned())
    }

    fn url(&self, endpoint: &Url) -> Url {
        let (kind, name) = match self {
            Self::Social(target) => ("identities", target),
            Self::Sso(id) => ("sso-identities", id),
        };
        let mut url = endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(ACCOUNT).extend([kind, name, "access-token"]);
        }
        url
    }
}

impl From<&str> for Connector {
    fn from(target: &str) -> Self {
        Self::Social(target.to_owned())
    }
}

impl From<String> for Connector {
    fn from(target: String) -> Self {
        Self::Social(target)
    }
}

/// The user's own token at another service, to call its API as this user.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// async fn can_write(user: &User) -> Result<bool, logto::Error> {
///     let access = user.hugging_face_token().await?;
///     let token = access.token();
///     Ok(token.is_some_and(|token| token.scopes().any(|scope| scope == "write-repos")))
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorToken {
    token: String,
    scope: String,
    expires_at: Option<u64>,
}

/// What Logto has of a user's token at another service.
///
/// To make the user authorize at the service again, start a sign-in with
/// [`Prompt::LoginConsent`](crate::Prompt::LoginConsent), or sign the user out first. Any other
/// sign-in reuses Logto's session and does not contact the service.
///
/// # Example
///
/// ```
/// use logto::web::{ConnectorAccess, User};
///
/// # async fn example(user: User) -> Result<(), logto::Error> {
/// match user.connector_token("github").await? {
///     ConnectorAccess::Token(token) => {
///         let authorization = format!("Bearer {}", token.as_str());
///     }
///     ConnectorAccess::NotEnabled => println!("switch the account center on"),
///     _ => println!("sign in with GitHub again"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectorAccess {
    /// A token that is valid now.
    Token(ConnectorToken),
    /// Logto has no token of this user (`secrets.third_party_token_set.token_not_found`). Either the
    /// connector does not exist or does not store tokens, or the user has not signed in through the
    /// service since token storage was turned on: send them there with
    /// [`DirectSignIn`](crate::DirectSignIn) and that prompt.
    NotStored,
    /// It ended and could not be renewed (`secrets.third_party_token_set.access_token_expired`, or
    /// `connector.…` if the service did not renew it). The user signs in with the service again.
    Expired,
    /// The tenant's account center is off, as it is at first (`account_center.not_enabled`). The
    /// console has it under sign-in and account; `logto setup hugging-face --with-token-storage`
    /// switches it on.
    NotEnabled,
    /// The session began without the scope `identities` (`auth.forbidden`). The user signs in
    /// again.
    NotGranted,
}

impl Context {
    /// The user's token at another service, from Logto's Account API. It needs the scope
    /// `identities`, and a connector that keeps tokens.
    ///
    /// Logto is asked each time, so that a token that ended or was deleted is never handed out;
    /// requests that ask at the same time share one answer. Logto renews the token when it has
    /// ended. Where several instances ask at that moment, some of them may be told that it is
    /// [`Expired`](ConnectorAccess::Expired) although the next request gets it.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token); [`ErrorKind::NotConfigured`] if the configuration
    /// does not have the scope.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{ConnectorAccess, Context};
    ///
    /// /// The header for a request to GitHub, or what the user has to do first.
    /// async fn authorization(context: &Context) -> Result<Result<String, &'static str>, logto::Error> {
    ///     Ok(match context.connector_token("github").await? {
    ///         ConnectorAccess::Token(token) => Ok(format!("Bearer {}", token.as_str())),
    ///         ConnectorAccess::NotStored => Err("Please connect your GitHub account."),
    ///         _ => Err("Please sign in with GitHub again."),
    ///     })
    /// }
    /// ```
    pub async fn connector_token(
        &self,
        connector: impl Into<Connector>,
    ) -> Result<ConnectorAccess, Error> {
        let access = self.connector_access(connector.into()).await;
        access.map_err(|error| self.failed("connector_token", error))
    }

    /// The user's [token](Self::connector_token) at Hugging Face, to call the Hub or the
    /// Inference API as this user.
    ///
    /// # Errors
    ///
    /// Those of [`connector_token`](Self::connector_token).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Context;
    ///
    /// /// The header for a request to the Hugging Face Hub.
    /// async fn authorization(context: &Context) -> Result<Option<String>, logto::Error> {
    ///     let access = context.hugging_face_token().await?;
    ///     Ok(access.token().map(|token| format!("Bearer {}", token.as_str())))
    /// }
    /// ```
    pub async fn hugging_face_token(&self) -> Result<ConnectorAccess, Error> {
        self.connector_token(Connector::hugging_face()).await
    }

    async fn connector_access(&self, connector: Connector) -> Result<ConnectorAccess, Error> {
        let engine = self.engine();
        let settings = &engine.settings;
        if !settings.scopes.iter().any(|one| one == scope::IDENTITIES) {
            let why = "tokens of connectors need the scope identities";
            return Err(Error::new(ErrorKind::NotConfigured, why));
        }
        let url = connector.url(&settings.endpoint);
        let now = self.now();
        self.tokens()
            .with_opaque_token(|token| {
                let url = url.clone();
                async move {
                    let key = format!("{} {}", url.path(), token.as_str());
                    let http = Arc::clone(&engine.http);
                    let read =
                        async move { read(&http, &url, token.as_str()).await.map(Arc::from) };
                    let (flight, _) = engine.connector_reads.join(&engine.tasks, key, read);
                    let stopped = || Error::new(ErrorKind::Unreachable, "the request was stopped");
                    match flight.outcome().await.unwrap_or_else(|| Err(stopped())) {
                        Ok(body) => ConnectorToken::parse(&body, now).map(ConnectorAccess::Token),
                        Err(error) => ConnectorAccess::without_token(&error).ok_or(error),
                    }
                }
            })
            .await
    }
}

async fn read(http: &Http, url: &Url, access_token: &str) -> Result<Vec<u8>, Error> {
    let mut answer = http.get(Endpoint::Account, url, Some(access_token)).await;
    if answer.as_ref().is_err_and(connector_failed) {
        // Refresh tokens may work once, as Hugging Face's do: another request may have won, and
        // Logto has the new token by now.
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

impl ConnectorAccess {
    /// The token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&ConnectorToken> {
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

impl ConnectorToken {
    fn parse(body: &[u8], now: u64) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Body {
            access_token: String,
            scope: Option<String>,
            expires_in: Option<u64>,
        }
        let body: Body = serde_json::from_slice(body).map_err(|error| {
            Error::malformed(ErrorKind::InvalidResponse, "the token of a connector", &error)
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

    /// The scopes that the service granted, for example `inference-api`.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When it ends, in seconds since the Unix epoch; `None` if the service did not say.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::ConnectorToken;
    ///
    /// /// Whether a job of ten minutes can use it to its end.
    /// fn is_enough(token: &ConnectorToken, now: u64) -> bool {
    ///     token.expires_at().is_none_or(|end| end > now + 600)
    /// }
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }
}

/// Without the token.
impl fmt::Debug for ConnectorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
