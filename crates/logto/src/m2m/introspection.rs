//! Introspection of opaque tokens (RFC 7662).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};

/// An opaque token that is active now.
///
/// It is not bound to an API: its bearer may ask userinfo, and that is all it proves.
///
/// # Example
///
/// ```
/// use logto::m2m::Introspection;
///
/// fn may_read_email(token: &Introspection) -> bool {
///     token.scope.split(' ').any(|scope| scope == "email")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whose token it is.
    pub sub: Option<String>,
    /// The application that it was issued to.
    pub client_id: Option<String>,
    /// Its scopes, separated by spaces.
    #[serde(default)]
    pub scope: String,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: Option<u64>,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: Option<u64>,
    /// `Bearer` for an access token; missing for a refresh token.
    pub token_type: Option<String>,
}

impl Introspection {
    /// `None` if the token is not active: ended, revoked, or never issued.
    pub(super) fn parse(body: &[u8], now: u64) -> Result<Option<Self>, Error> {
        #[derive(Deserialize)]
        struct Activity {
            active: bool,
        }
        let Activity { active } = read(body)?;
        if !active {
            return Ok(None);
        }
        let token: Self = read(body)?;
        Ok(Some(token).filter(|token| token.exp.is_none_or(|exp| now < exp)))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|e| Error::malformed(ErrorKind::InvalidResponse, "the introspection", &e))
}
