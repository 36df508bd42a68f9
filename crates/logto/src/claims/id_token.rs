//! Claims of an ID token.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Claims;
use crate::error::{Error, ErrorKind};

/// The claims of the ID token that the session holds; they were verified when Logto sent it.
///
/// Derefs to [`Claims`], so `claims.name` and `claims.email` read as expected.
#[derive(Clone)]
#[non_exhaustive]
pub struct IdTokenClaims {
    /// Who issued the token.
    pub iss: String,
    /// Whom the token was issued for.
    pub aud: Vec<String>,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds since the Unix epoch. A session outlives it.
    pub exp: u64,
    /// Logto's session, if the application asked for it (`backchannelLogoutSessionRequired`).
    pub sid: Option<String>,
    /// When the person authenticated, in seconds since the Unix epoch, if Logto says so.
    pub auth_time: Option<u64>,
    pub(crate) nonce: Option<String>,
    claims: Claims,
    raw: Box<[u8]>,
}

#[derive(Deserialize)]
struct Registered {
    iss: String,
    aud: OneOrMany,
    iat: f64,
    exp: f64,
    #[serde(default, deserialize_with = "super::lenient")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "super::lenient")]
    auth_time: Option<f64>,
    #[serde(default)]
    nonce: Option<String>,
}

/// `aud`: a text or a list of them (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl IdTokenClaims {
    /// Reads the payload of an ID token.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Error> {
        let malformed =
            |error| Error::malformed(ErrorKind::InvalidToken, "the ID token's payload", &error);
        let registered: Registered = serde_json::from_slice(payload).map_err(malformed)?;
        let claims: Claims = serde_json::from_slice(payload).map_err(malformed)?;
        Ok(Self {
            iss: registered.iss,
            aud: registered.aud.into_vec(),
            iat: seconds(registered.iat),
            exp: seconds(registered.exp),
            sid: registered.sid,
            auth_time: registered.auth_time.map(seconds),
            nonce: registered.nonce,
            claims,
            raw: payload.into(),
        })
    }

    /// What was parsed.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.raw
    }

    /// The claims as a type of your own, for custom claims.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the claims do not fit the type.
    ///
    /// ```
    /// # use serde::Deserialize;
    /// #[derive(Deserialize)]
    /// struct Plan {
    ///     plan: String,
    /// }
    ///
    /// fn plan(claims: &logto::IdTokenClaims) -> Option<String> {
    ///     claims.custom::<Plan>().ok().map(|custom| custom.plan)
    /// }
    /// ```
    pub fn custom<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.raw)
            .map_err(|error| Error::malformed(ErrorKind::InvalidToken, "a custom claim", &error))
    }
}

/// Without the session's id and the nonce.
impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenClaims")
            .field("sub", &self.claims.sub)
            .finish_non_exhaustive()
    }
}

impl Deref for IdTokenClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

/// A NumericDate (RFC 7519, section 2) may have a fraction; a negative one is long over.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
pub(crate) fn seconds(date: f64) -> u64 {
    date as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_may_be_one_or_many() {
        let one = br#"{"iss":"i","sub":"s","aud":"a","iat":1.5,"exp":2}"#;
        let claims = IdTokenClaims::parse(one).unwrap();
        assert_eq!(
            (claims.aud.as_slice(), claims.iat),
            (["a".to_owned()].as_slice(), 1)
        );
        let many = br#"{"iss":"i","sub":"s","aud":["a","b"],"iat":1,"exp":-2}"#;
        let claims = IdTokenClaims::parse(many).unwrap();
        assert_eq!((claims.aud.len(), claims.exp), (2, 0));
    }

    #[test]
    fn a_missing_or_wrong_registered_claim_is_refused() {
        for payload in [
            r#"{"sub":"s","aud":"a","iat":1,"exp":2}"#,
            r#"{"iss":"i","sub":"s","iat":1,"exp":2}"#,
            r#"{"iss":"i","sub":"s","aud":"a","exp":2}"#,
            r#"{"iss":"i","sub":"s","aud":"a","iat":1}"#,
            r#"{"iss":"i","sub":"s","aud":"a","iat":"1","exp":2}"#,
            r#"{"iss":["i"],"sub":"s","aud":"a","iat":1,"exp":2}"#,
            "[]",
        ] {
            let error = IdTokenClaims::parse(payload.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidToken, "{payload}");
        }
    }

    #[test]
    fn custom_claims_come_as_the_callers_type() {
        #[derive(Deserialize)]
        struct Custom {
            plan: String,
        }
        let payload = br#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2,"plan":"pro"}"#;
        let claims = IdTokenClaims::parse(payload).unwrap();
        assert_eq!(claims.custom::<Custom>().unwrap().plan, "pro");
        assert_eq!(
            claims.custom::<Vec<u8>>().unwrap_err().kind(),
            ErrorKind::InvalidToken
        );
    }
}
