//! The checks of OpenID Connect Back-Channel Logout 1.0, section 2.6, on a logout token.

use serde::Deserialize;
use serde_json::Value;

use super::Compact;
use crate::error::{Error, ErrorKind};
use crate::oidc::claims::{OneOrMany, seconds};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const TYPES: [&str; 2] = ["logout+jwt", "application/logout+jwt"];
/// Seconds for which a logout token is good that says no end itself.
const MAX_AGE: u64 = 5 * 60;
/// A token that is good for longer, clock tolerance aside, is refused: its `jti` would have to be
/// remembered as long.
const MAX_LIFE: u64 = 24 * 3600;

/// Whose sessions a logout token ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogoutToken {
    pub(crate) whom: LogoutSubject,
    pub(crate) jti: String,
    /// By Logto's clock, in seconds since the Unix epoch.
    pub(crate) issued_at: u64,
    /// Seconds until the token is of no use any more.
    pub(crate) good_for: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LogoutSubject {
    /// The sessions that come from one session at Logto, and those of its user that do not know
    /// which one they come from.
    Session { sid: String, sub: Option<String> },
    /// All sessions of a user.
    User(String),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMany,
    iat: f64,
    exp: Option<f64>,
    nbf: Option<f64>,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: serde_json::Map<String, Value>,
    /// Must not be there at all.
    #[serde(default, deserialize_with = "super::compact::present")]
    nonce: bool,
}

impl Compact<'_> {
    /// Whether its header says that it is a logout token (section 2.4).
    pub(crate) fn is_logout_token(&self) -> bool {
        let typ = self.header.typ.as_deref();
        typ.is_some_and(|typ| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ)))
    }
}

/// Checks the claims of a token whose signature was verified.
pub(crate) fn verify_logout_token(
    token: &Compact<'_>,
    issuer: &str,
    client_id: &str,
    now: u64,
    tolerance: u64,
) -> Result<LogoutToken, Error> {
    // Section 2.4 recommends the type; one that says otherwise is another token.
    if token.header.typ.is_some() && !token.is_logout_token() {
        return Err(refuse("it is of another type"));
    }
    let claims: Claims = serde_json::from_slice(&token.payload)
        .map_err(|e| Error::malformed(ErrorKind::InvalidToken, "the logout token's payload", &e))?;
    if claims.iss != issuer {
        return Err(refuse("`iss` is another issuer"));
    }
    if !claims.aud.into_vec().iter().any(|one| one == client_id) {
        return Err(refuse("`aud` does not name this application"));
    }
    if claims.nonce {
        return Err(refuse("it has a `nonce`, like an ID token"));
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(refuse("`events` names no back-channel logout"));
    }
    if claims.jti.is_empty() {
        return Err(refuse("`jti` is empty"));
    }
    // No part of the profile, but a token that has one asks not to be used earlier (RFC 7519).
    if claims.nbf.is_some_and(|nbf| seconds(nbf) > now.saturating_add(tolerance)) {
        return Err(refuse("`nbf` is in the future"));
    }
    let issued_at = seconds(claims.iat);
    let good_for = time_left(issued_at, claims.exp.map(seconds), now, tolerance)?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let whom = match (filled(claims.sid), filled(claims.sub)) {
        (Some(sid), sub) => LogoutSubject::Session { sid, sub },
        (None, Some(sub)) => LogoutSubject::User(sub),
        (None, None) => return Err(refuse("it names neither `sub` nor `sid`")),
    };
    Ok(LogoutToken { whom, jti: claims.jti, issued_at, good_for })
}

fn time_left(iat: u64, exp: Option<u64>, now: u64, tolerance: u64) -> Result<u64, Error> {
    if iat > now.saturating_add(tolerance) {
        return Err(refuse(
            "it was issued in the future; compare the clocks of this server and Logto",
        ));
    }
    let end = exp.unwrap_or(iat.saturating_add(MAX_AGE)).saturating_add(tolerance);
    let longest = MAX_LIFE + 2 * tolerance;
    match end.checked_sub(now) {
        None | Some(0) => {
            Err(refuse("it has expired; compare the clocks of this server and Logto"))
        }
        Some(left) if left > longest => Err(refuse("it is good for more than a day")),
        Some(left) => Ok(left),
    }
}

fn refuse(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidToken, format!("the logout token is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::encoding::encode;

    const NOW: u64 = 1_795_342_930;

    /// The logout token of the recordings, its payload and type changed.
    fn verify(change: impl FnOnce(&mut Value), typ: Value) -> Result<LogoutToken, Error> {
        let mut claims = json!({
            "sub": "8s8claa1vi9z", "sid": "EuoqBxp8qI7FRnMCwOKN", "jti": "ebIzhl_j68KGHNky2GtU06Io",
            "events": { EVENT: {} },
            "aud": "8s6wye3gb7dq9a4n54lsn", "iss": "http://localhost:3001/oidc",
            "iat": 1_795_342_929, "exp": 1_795_343_049,
        });
        change(&mut claims);
        let mut header = json!({ "alg": "ES384", "kid": "k" });
        if !typ.is_null() {
            header["typ"] = typ;
        }
        let token = format!("{}.{}.AAAA", encode(header.to_string()), encode(claims.to_string()));
        let token = Compact::parse(&token).unwrap();
        verify_logout_token(&token, "http://localhost:3001/oidc", "8s6wye3gb7dq9a4n54lsn", NOW, 60)
    }

    #[test]
    fn recorded_tokens_of_both_versions_are_taken() {
        let good = verify(|_| (), json!("logout+jwt")).unwrap();
        let (sid, sub) = ("EuoqBxp8qI7FRnMCwOKN".to_owned(), Some("8s8claa1vi9z".to_owned()));
        assert_eq!(good.whom, LogoutSubject::Session { sid, sub });
        assert_eq!(good.good_for, 179);
        let old = |claims: &mut Value| {
            let claims = claims.as_object_mut().unwrap();
            claims.remove("exp");
            claims.remove("sid");
        };
        let old = verify(old, json!("logout+jwt")).unwrap();
        assert_eq!(old.whom, LogoutSubject::User("8s8claa1vi9z".to_owned()));
        assert!(verify(|_| (), Value::Null).is_ok());
        assert!(verify(|c| c["nbf"] = json!(NOW + 60), json!("logout+jwt")).is_ok());
        let a_day = |c: &mut Value| c["exp"] = json!(NOW + MAX_LIFE);
        assert_eq!(verify(a_day, json!("logout+jwt")).unwrap().good_for, MAX_LIFE + 60);
    }

    /// Two clocks may both be off, each by the tolerance.
    #[test]
    fn the_longest_life_is_a_day_and_both_tolerances() {
        let left = |exp: u64| {
            let change = |claims: &mut Value| {
                claims["iat"] = json!(NOW + 60);
                claims["exp"] = json!(exp);
            };
            verify(change, json!("logout+jwt")).map(|token| token.good_for).ok()
        };
        assert_eq!(left(NOW + 60 + MAX_LIFE), Some(MAX_LIFE + 120));
        assert_eq!(left(NOW + 61 + MAX_LIFE), None);
    }

    #[test]
    fn every_wrong_claim_is_refused() {
        type Change = fn(&mut Value);
        let changes: [(&str, Change); 19] = [
            ("iss", |c| c["iss"] = json!("http://localhost:3001")),
            ("aud", |c| c["aud"] = json!("other")),
            ("aud", |c| c["aud"] = json!(["other"])),
            ("nonce", |c| c["nonce"] = Value::Null),
            ("events", |c| c["events"] = json!({})),
            ("events", |c| c["events"] = json!({ EVENT: true })),
            ("events", |c| c["events"] = json!([EVENT])),
            ("jti", |c| c["jti"] = json!("")),
            ("jti", |c| c["jti"] = Value::Null),
            ("iat", |c| c["iat"] = json!(NOW + 61)),
            ("iat", |c| c["iat"] = json!("now")),
            ("exp", |c| c["exp"] = json!(NOW - 60)),
            ("exp", |c| c["exp"] = json!(NOW + 100_000)),
            ("nbf", |c| c["nbf"] = json!(NOW + 61)),
            ("nbf", |c| c["nbf"] = json!("now")),
            ("age", |c| {
                c["exp"] = Value::Null;
                c["iat"] = json!(NOW - 361);
            }),
            ("whom", |c| {
                c["sub"] = Value::Null;
                c["sid"] = json!("");
            }),
            ("sub", |c| c["sub"] = json!(1)),
            ("sid", |c| c["sid"] = json!({})),
        ];
        for (what, change) in changes {
            assert!(verify(change, json!("logout+jwt")).is_err(), "{what}");
        }
        for typ in ["JWT", "at+jwt", ""] {
            assert!(verify(|_| (), json!(typ)).is_err(), "{typ}");
        }
    }
}
