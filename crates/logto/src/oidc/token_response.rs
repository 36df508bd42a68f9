//! The response of the token endpoint, whatever the grant.

use std::fmt;
use std::time::Duration;

use openidconnect::core::{
    CoreErrorResponseType, CoreGenderClaim, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AdditionalClaims, IdToken, OAuth2TokenResponse, RefreshToken, RequestTokenError,
    Scope, StandardErrorResponse, TokenResponse, TokenType,
};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, ErrorKind};
use crate::oidc::claims::seconds;

const ANSWER: &str = "the token endpoint's answer";

/// The tokens of an answer, checked.
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    /// In seconds.
    pub(crate) expires_in: Option<u64>,
    /// The scopes that were granted, separated by spaces.
    pub(crate) scope: String,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// Why there are no tokens.
pub(crate) struct TokenRequestFailure {
    pub(crate) error: Error,
    /// The refresh token of an answer that is of no use otherwise. Logto may have ended the one
    /// that was redeemed, so this one has to be kept all the same.
    pub(crate) refresh_token: Option<String>,
}

impl Tokens {
    /// Reads the answer to a grant that `openidconnect` does not know (RFC 8693), and to client
    /// credentials.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        check_body(body)?;
        let answer: TokenEndpointResponse = read(body)?;
        answer.check().map_err(|none| none.error)
    }
}

/// The answer as `openidconnect` reads it for us: the ID token as text.
#[derive(Deserialize, Serialize)]
pub(super) struct TokenEndpointResponse {
    access_token: AccessToken,
    token_type: NamedType,
    #[serde(default, deserialize_with = "lifetime")]
    expires_in: Option<u64>,
    scope: Option<String>,
    refresh_token: Option<RefreshToken>,
    id_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct NamedType(String);

impl TokenType for NamedType {}

/// Claims that `openidconnect` is not asked to read.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Unread {}

impl AdditionalClaims for Unread {}

impl OAuth2TokenResponse for TokenEndpointResponse {
    type TokenType = NamedType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &NamedType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl
    TokenResponse<
        Unread,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    > for TokenEndpointResponse
{
    fn id_token(
        &self,
    ) -> Option<
        &IdToken<
            Unread,
            CoreGenderClaim,
            CoreJweContentEncryptionAlgorithm,
            CoreJwsSigningAlgorithm,
        >,
    > {
        None
    }
}

impl TokenEndpointResponse {
    /// A token of a type that is not understood must not be used (RFC 6749, section 7.1), and one
    /// that is no visible ASCII (appendix A.12) cannot be sent.
    pub(super) fn check(self) -> Result<Tokens, TokenRequestFailure> {
        let refresh_token = self.refresh_token.map(RefreshToken::into_secret).and_then(filled);
        let access_token = self.access_token.into_secret();
        let is_sendable = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic());
        let fault = if !self.token_type.0.eq_ignore_ascii_case("bearer") {
            "`token_type` of the token response is not `Bearer`"
        } else if access_token.is_empty() || !is_sendable(&access_token) {
            "the token endpoint sent an access token that cannot be used"
        } else {
            return Ok(Tokens {
                access_token,
                expires_in: self.expires_in,
                scope: spaced(&self.scope.unwrap_or_default()),
                id_token: self.id_token,
                refresh_token,
            });
        };
        Err(TokenRequestFailure {
            error: Error::new(ErrorKind::InvalidResponse, fault),
            refresh_token,
        })
    }
}

impl TokenRequestFailure {
    /// Refusals and outages come from [`Http`](crate::http::Http); what is left is an answer that
    /// cannot be read.
    pub(super) fn new(
        error: RequestTokenError<Error, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> Self {
        #[derive(Deserialize)]
        struct Rest {
            refresh_token: String,
        }
        let (error, rest) = match error {
            RequestTokenError::Request(error) => (error, None),
            RequestTokenError::Parse(error, body) => {
                let what = match error.path().to_string() {
                    path if path == "." => ANSWER.to_owned(),
                    path => format!("`{path}` of {ANSWER}"),
                };
                let error = Error::malformed(ErrorKind::InvalidResponse, &what, error.inner());
                (error, serde_json::from_slice(&body).ok())
            }
            _ => {
                let why = "the token endpoint's answer is empty or not JSON";
                (Error::new(ErrorKind::InvalidResponse, why), None)
            }
        };
        Self { error, refresh_token: rest.and_then(|rest: Rest| filled(rest.refresh_token)) }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|e| Error::malformed(ErrorKind::InvalidResponse, ANSWER, &e))
}

/// What `openidconnect` passes over: more behind the answer, and an error that comes as a success.
pub(super) fn check_body(body: &[u8]) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Answer {
        error: Option<IgnoredAny>,
    }
    let answer: Answer = read(body)?;
    match answer.error {
        Some(_) => Err(Error::new(
            ErrorKind::InvalidResponse,
            "the token endpoint sent an error with status 200",
        )),
        None => Ok(()),
    }
}

/// An `expires_in`. RFC 6749 wants digits; a fraction, and digits in quotes, can only mean the
/// same.
fn lifetime<'de, D: Deserializer<'de>>(member: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lifetime {
        Number(f64),
        Text(String),
    }
    let lifetime = match Option::deserialize(member)? {
        None => return Ok(None),
        Some(Lifetime::Number(lifetime)) => lifetime,
        Some(Lifetime::Text(text)) => text.parse().map_err(D::Error::custom)?,
    };
    match lifetime.is_finite() && lifetime >= 0.0 {
        true => Ok(Some(seconds(lifetime))),
        false => Err(D::Error::custom("no time")),
    }
}

/// An empty token is none: it must not take the place of one that works.
fn filled(token: String) -> Option<String> {
    (!token.is_empty()).then_some(token)
}

fn spaced(scopes: &str) -> String {
    let scopes: Vec<&str> = scopes.split_ascii_whitespace().collect();
    scopes.join(" ")
}

/// Without the tokens.
impl fmt::Debug for TokenEndpointResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpointResponse").finish_non_exhaustive()
    }
}
