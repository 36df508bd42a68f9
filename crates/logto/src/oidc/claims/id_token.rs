//! Claims of an ID token.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Claims, Shown, serialize_all};
use crate::error::{Error, ErrorKind};

/// The claims of the ID token that the session holds; they were verified when Logto sent it.
///
/// Derefs to [`Claims`], so `claims.name` and `claims.email` read as expected.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// fn describe(user: &User) -> String {
///     let claims = user.claims();
///     let name = claims.name.as_deref().unwrap_or(&claims.sub);
///     format!("{name}, in {} organizations, until {}", claims.organizations.len(), claims.exp)
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct IdTokenClaims {
    /// Who issued the token.
    pub iss: String,
    /// The audiences the token was issued for.
    pub aud: Vec<String>,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds since the Unix epoch. A session outlives it.
    pub exp: u64,
    /// Logto's session, if the application asked for it (`backchannelLogoutSessionRequired`).
    pub sid: Option<String>,
    /// When the user authenticated, in seconds since the Unix epoch, if Logto says so.
    pub auth_time: Option<u64>,
    pub(crate) nonce: Option<String>,
    /// Pages show these on every request; they are not worth reading all the others.
    pub(crate) shown: Shown,
    /// Read on demand.
    claims: OnceLock<Box<Claims>>,
    raw: Box<str>,
}

/// What is read at once: the claims about the token, and those that pages show on every request.
#[derive(Deserialize)]
struct First {
    iss: String,
    aud: OneOrMany,
    iat: f64,
    exp: f64,
    #[serde(default, deserialize_with = "lenient")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    auth_time: Option<f64>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    sub: String,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    picture: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email: Option<String>,
}

/// As `super::lenient`, and faster; not for types that others read from something else than text.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(value.get()).unwrap_or_default())
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
    /// The claim whose JSON is largest, and its bytes.
    pub(crate) fn largest(&self) -> (String, usize) {
        let claims: BTreeMap<String, &RawValue> =
            serde_json::from_str(&self.raw).unwrap_or_default();
        let sizes = claims.into_iter().map(|(name, value)| (name, value.get().len()));
        sizes.max_by_key(|(_, size)| *size).unwrap_or_default()
    }

    /// Reads the payload of an ID token.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Error> {
        let payload = String::from_utf8(payload.to_vec()).map_err(|_| {
            let why = "the ID token's payload is not UTF-8";
            Error::new(ErrorKind::InvalidToken, why)
        })?;
        let claims: Claims = serde_json::from_str(&payload).map_err(|error| malformed(&error))?;
        Ok(Self { claims: Box::new(claims).into(), ..Self::reread(payload)? })
    }

    /// Reads a payload that could be [parsed](Self::parse) before, and only what most requests
    /// need.
    pub(crate) fn reread(payload: String) -> Result<Self, Error> {
        let first: First = serde_json::from_str(&payload).map_err(|error| malformed(&error))?;
        let name = first.name.or(first.username);
        let (sub, sid) = (Some(first.sub.as_str()), first.sid.as_deref());
        let shown = Shown::new([
            sub,
            name.as_deref(),
            first.picture.as_deref(),
            first.email.as_deref(),
            sid,
        ]);
        Ok(Self {
            iss: first.iss,
            aud: first.aud.into_vec(),
            iat: seconds(first.iat),
            exp: seconds(first.exp),
            sid: first.sid,
            auth_time: first.auth_time.map(seconds),
            nonce: first.nonce,
            shown,
            claims: OnceLock::new(),
            raw: payload.into(),
        })
    }

    /// In place of claims that cannot be read.
    pub(crate) fn unread(shown: &Shown) -> Self {
        Self {
            iss: String::new(),
            aud: Vec::new(),
            iat: 0,
            exp: 0,
            sid: shown.sid().map(str::to_owned),
            auth_time: None,
            nonce: None,
            shown: shown.clone(),
            claims: Box::new(Claims { sub: shown.sub().to_owned(), ..Claims::default() }).into(),
            raw: "{}".into(),
        }
    }

    /// About how many bytes it takes in memory, with all claims read: about as much again as their
    /// JSON, twice.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Claims>() + 3 * self.raw.len()
    }

    /// The same claims with another `auth_time`, or without one.
    pub(crate) fn with_auth_time(self, auth_time: Option<u64>) -> Result<Self, Error> {
        if self.auth_time == auth_time {
            return Ok(self);
        }
        let mut claims: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&self.raw).map_err(|error| malformed(&error))?;
        claims.remove("auth_time");
        if let Some(time) = auth_time {
            let time = RawValue::from_string(time.to_string());
            claims.insert("auth_time".to_owned(), time.map_err(|error| malformed(&error))?);
        }
        let payload = serde_json::to_string(&claims).map_err(|error| malformed(&error))?;
        Self::parse(payload.as_bytes())
    }

    /// What was parsed.
    pub(crate) fn payload(&self) -> &str {
        &self.raw
    }

    /// The claims as a type of your own, for custom claims.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the claims do not fit the type.
    ///
    /// # Example
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
        serde_json::from_str(&self.raw)
            .map_err(|error| Error::malformed(ErrorKind::InvalidToken, "a custom claim", &error))
    }
}

/// Without the session's id and the nonce.
impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenClaims").field("sub", &self.shown.sub()).finish_non_exhaustive()
    }
}

/// All claims as Logto sent them.
impl Serialize for IdTokenClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_all(self.raw.as_bytes(), serializer)
    }
}

impl Deref for IdTokenClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        self.claims.get_or_init(|| {
            // Never so of a payload that could be parsed before.
            let sub_alone = || Claims { sub: self.shown.sub().to_owned(), ..Claims::default() };
            serde_json::from_str(&self.raw).unwrap_or_else(|_| sub_alone().into())
        })
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::malformed(ErrorKind::InvalidToken, "the ID token's payload", error)
}

/// A NumericDate (RFC 7519, section 2) may have a fraction; a negative one is long over.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
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
        assert_eq!((claims.aud.as_slice(), claims.iat), (["a".to_owned()].as_slice(), 1));
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
    fn what_is_read_again_is_what_was_parsed() {
        for who in [
            r#""name":"Alice","email":"a@b.c","roles":["editor"],"sid":"x""#,
            r#""name":null,"username":"Alice","email":"a@b.c","roles":["editor"],"sid":"x""#,
            r#""name":7,"username":"Alice","email":"a@b.c","roles":["editor"],"sid":"x","n":[{}]"#,
        ] {
            let payload = format!(r#"{{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2,{who}}}"#);
            let parsed = IdTokenClaims::parse(payload.as_bytes()).unwrap();
            let again = IdTokenClaims::reread(payload.clone()).unwrap();
            for claims in [parsed, again] {
                assert_eq!(claims.payload(), payload);
                assert_eq!(claims.shown.name(), Some("Alice"));
                assert_eq!(claims.shown.email(), claims.email.as_deref());
                assert_eq!((claims.shown.sub(), claims.sub.as_str()), ("s", "s"));
                assert_eq!(claims.sid.as_deref(), Some("x"));
                assert_eq!(claims.roles, ["editor"]);
            }
        }
    }

    #[test]
    fn the_time_of_authentication_can_be_kept() {
        let payload = r#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2,"n":1.10,"auth_time":7}"#;
        let claims = IdTokenClaims::parse(payload.as_bytes()).unwrap();
        assert_eq!(claims.clone().with_auth_time(Some(7)).unwrap().payload(), payload);
        let older = claims.with_auth_time(Some(3)).unwrap();
        assert_eq!(older.auth_time, Some(3));
        assert!(older.payload().contains(r#""n":1.10"#), "{}", older.payload());
        let without = older.with_auth_time(None).unwrap();
        assert_eq!(without.auth_time, None);
        assert!(!without.payload().contains("auth_time"));
    }

    #[test]
    fn what_cannot_be_read_late_leaves_the_user() {
        let payload = r#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2,"name":"\ud800"}"#;
        assert!(IdTokenClaims::parse(payload.as_bytes()).is_err());
        assert!(IdTokenClaims::parse(b"{\"iss\":\"\xff\"}").is_err());
        let claims = IdTokenClaims::reread(payload.to_owned()).unwrap();
        assert_eq!((claims.sub.as_str(), &claims.name), ("s", &None));
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
        assert_eq!(claims.custom::<Vec<u8>>().unwrap_err().kind(), ErrorKind::InvalidToken);
    }
}
