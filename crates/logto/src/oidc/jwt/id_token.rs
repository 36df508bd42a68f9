//! The checks of OpenID Connect Core, section 3.1.3.7, on an ID token.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use serde::Deserialize;

use super::Compact;
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::oidc::claims::{IdTokenClaims, seconds};

/// A fresh ID token was made for the request that brought it; one that claims to be older than
/// this was not, or a clock is off.
const MAX_AGE: u64 = 5 * 60;
/// The longest `sub` (section 2).
const MAX_SUB: usize = 255;

/// What the token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// The nonce of the sign-in. At a refresh Logto repeats it, other providers may leave it out.
    pub(crate) nonce: Nonce<'a>,
    /// The access token that came along, for `at_hash`.
    pub(crate) access_token: &'a str,
    pub(crate) now: u64,
    pub(crate) tolerance: u64,
}

/// How the `nonce` claim is compared.
pub(crate) enum Nonce<'a> {
    /// It must be there and equal.
    Required(&'a str),
    /// It must be equal if it is there.
    Unchanged(Option<&'a str>),
}

/// Checks the claims of a token whose signature was verified.
pub(crate) fn verify_id_token(
    token: &Compact<'_>,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims, Error> {
    check_type(token.header.typ.as_deref())?;
    let claims = IdTokenClaims::parse(&token.payload)?;
    check_parties(&claims, &token.payload, expected)?;
    check_times(&claims, expected)?;
    check_not_before(&token.payload, expected)?;
    check_nonce(&claims, &expected.nonce)?;
    check_access_token(token, expected.access_token)?;
    Ok(claims)
}

fn refuse(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidToken, format!("the ID token is refused: {}", why.into()))
}

/// ID tokens have no type of their own. A token with one is of another kind (RFC 8725, section
/// 3.11).
fn check_type(typ: Option<&str>) -> Result<(), Error> {
    match typ {
        Some(typ) if typ.to_ascii_lowercase().ends_with("+jwt") => {
            Err(refuse("`typ` is that of another kind of token"))
        }
        _ => Ok(()),
    }
}

fn check_parties(
    claims: &IdTokenClaims,
    payload: &[u8],
    expected: &Expected<'_>,
) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct AuthorizedParty {
        azp: Option<String>,
    }
    let AuthorizedParty { azp } =
        serde_json::from_slice(payload).map_err(|_| refuse("`azp` is not text"))?;

    if claims.iss != expected.issuer {
        return Err(refuse("`iss` is another issuer"));
    }
    if !claims.aud.iter().any(|audience| audience == expected.client_id) {
        return Err(refuse("`aud` does not name this application"));
    }
    if claims.aud.len() > 1 {
        return Err(refuse("`aud` names other audiences, and none is trusted"));
    }
    if azp.is_some_and(|azp| azp != expected.client_id) {
        return Err(refuse("`azp` is another application"));
    }
    if claims.sub.is_empty() {
        return Err(refuse("`sub` is missing or empty"));
    }
    if claims.sub.len() > MAX_SUB {
        return Err(refuse("`sub` is longer than 255 characters"));
    }
    Ok(())
}

fn check_times(claims: &IdTokenClaims, expected: &Expected<'_>) -> Result<(), Error> {
    let Expected { now, tolerance, .. } = *expected;
    if claims.exp.saturating_add(tolerance) <= now {
        return Err(refuse(format!(
            "it expired {} s ago; compare the clocks of this server and Logto",
            now - claims.exp
        )));
    }
    if claims.iat > now.saturating_add(tolerance) {
        let ahead = claims.iat - now;
        return Err(refuse(format!(
            "it was issued {ahead} s in the future; compare the clocks of this server and Logto"
        )));
    }
    if claims.iat.saturating_add(MAX_AGE + tolerance) < now {
        let age = now - claims.iat;
        return Err(refuse(format!(
            "it was issued {age} s ago; compare the clocks of this server and Logto"
        )));
    }
    Ok(())
}

/// OpenID Connect has no `nbf`, but a token that has one asks not to be used earlier (RFC 7519,
/// section 4.1.5).
fn check_not_before(payload: &[u8], expected: &Expected<'_>) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct NotBefore {
        nbf: Option<f64>,
    }
    let NotBefore { nbf } =
        serde_json::from_slice(payload).map_err(|_| refuse("`nbf` is not a time"))?;
    let latest = expected.now.saturating_add(expected.tolerance);
    match nbf.map(seconds) {
        Some(nbf) if nbf > latest => Err(refuse("`nbf` is in the future")),
        _ => Ok(()),
    }
}

fn check_nonce(claims: &IdTokenClaims, expected: &Nonce<'_>) -> Result<(), Error> {
    let (found, expected) = match (claims.nonce.as_deref(), expected) {
        (Some(found), Nonce::Required(expected) | Nonce::Unchanged(Some(expected))) => {
            (found, *expected)
        }
        (None, Nonce::Unchanged(_)) => return Ok(()),
        (None, Nonce::Required(_)) => return Err(refuse("`nonce` is missing")),
        (Some(_), Nonce::Unchanged(None)) => {
            return Err(refuse("`nonce` appeared at a refresh"));
        }
    };
    verify_slices_are_equal(found.as_bytes(), expected.as_bytes())
        .map_err(|_| refuse("`nonce` is of another sign-in"))
}

fn check_access_token(token: &Compact<'_>, access_token: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct AccessTokenHash {
        at_hash: Option<String>,
    }
    let AccessTokenHash { at_hash } =
        serde_json::from_slice(&token.payload).map_err(|_| refuse("`at_hash` is not text"))?;
    let Some(at_hash) = at_hash else {
        return Ok(());
    };
    let hash = digest::digest(token.header.algorithm.digest(), access_token.as_bytes());
    let left_half = hash.as_ref().get(..hash.as_ref().len() / 2).unwrap_or_default();
    if encoding::encode(left_half) == at_hash {
        Ok(())
    } else {
        Err(refuse("`at_hash` is of another access token"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://auth.example.test/oidc";
    const CLIENT: &str = "client";
    const NOW: u64 = 1_000_000;
    const TOLERANCE: u64 = 60;
    const SIGN_IN: Nonce<'_> = Nonce::Required("n");

    fn verify(typ: &str, nonce: Nonce<'_>, change: impl FnOnce(&mut Value)) -> Result<(), Error> {
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "s", "nonce": "n", "iat": NOW, "exp": NOW + 3600,
        });
        change(&mut claims);
        let header = json!({ "alg": "ES384", "typ": typ });
        let [header, claims] = [header, claims].map(|part| encoding::encode(part.to_string()));
        let token = format!("{header}.{claims}.AAAA");
        let access_token = "access";
        let expected = Expected {
            issuer: ISSUER,
            client_id: CLIENT,
            nonce,
            access_token,
            now: NOW,
            tolerance: TOLERANCE,
        };
        verify_id_token(&Compact::parse(&token).unwrap(), &expected).map(drop)
    }

    fn is_good(member: &str, value: Value) -> bool {
        verify("JWT", SIGN_IN, |claims| claims[member] = value).is_ok()
    }

    #[test]
    fn the_type_is_that_of_no_other_token() {
        assert!(verify("JWT", SIGN_IN, |_| ()).is_ok());
        for typ in ["at+jwt", "Logout+JWT", "application/at+jwt"] {
            assert!(verify(typ, SIGN_IN, |_| ()).is_err(), "{typ}");
        }
    }

    #[test]
    fn it_is_of_this_issuer_for_this_application_alone() {
        assert!(!is_good("iss", json!("https://other.example.test/oidc")));
        assert!(is_good("aud", json!([CLIENT])));
        for aud in [json!("other"), json!([]), json!([CLIENT, "other"])] {
            assert!(!is_good("aud", aud.clone()), "{aud}");
        }
        assert!(is_good("azp", json!(CLIENT)));
        assert!(!is_good("azp", json!("other")));
        assert!(is_good("sub", json!("s".repeat(255))));
        assert!(!is_good("sub", json!("s".repeat(256))));
        assert!(!is_good("sub", json!("")));
    }

    #[test]
    fn the_tolerance_is_granted_to_the_second() {
        assert!(is_good("exp", json!(NOW - TOLERANCE + 1)));
        assert!(!is_good("exp", json!(NOW - TOLERANCE)));
        assert!(is_good("iat", json!(NOW + TOLERANCE)));
        assert!(!is_good("iat", json!(NOW + TOLERANCE + 1)));
        assert!(is_good("iat", json!(NOW - 300 - TOLERANCE)));
        assert!(!is_good("iat", json!(NOW - 300 - TOLERANCE - 1)));
        assert!(is_good("nbf", json!(NOW + TOLERANCE)));
        assert!(!is_good("nbf", json!(NOW + TOLERANCE + 1)));
    }

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much() {
        let why = |member: &str, value: u64| {
            verify("JWT", SIGN_IN, |claims| claims[member] = json!(value)).unwrap_err().to_string()
        };
        assert!(why("exp", NOW - 70).contains("expired 70 s ago"));
        assert!(why("iat", NOW + 70).contains("issued 70 s in the future"));
        assert!(why("iat", NOW - 400).contains("issued 400 s ago"));
    }

    #[test]
    fn the_nonce_is_that_of_the_sign_in() {
        let refreshed = Nonce::Unchanged;
        for (nonce, found, is_accepted) in [
            (Nonce::Required("n"), json!("n"), true),
            (Nonce::Required("n"), json!("m"), false),
            (Nonce::Required("n"), Value::Null, false),
            (refreshed(Some("n")), json!("n"), true),
            (refreshed(Some("n")), json!("m"), false),
            (refreshed(Some("n")), Value::Null, true),
            (refreshed(None), Value::Null, true),
            (refreshed(None), json!("n"), false),
        ] {
            let name = found.to_string();
            let verified = verify("JWT", nonce, |claims| claims["nonce"] = found);
            assert_eq!(verified.is_ok(), is_accepted, "{name}");
        }
    }

    #[test]
    fn the_access_token_is_the_one_that_it_names() {
        let hash = digest::digest(&digest::SHA384, b"access");
        let (left, all) = (&hash.as_ref()[..24], hash.as_ref());
        assert!(is_good("at_hash", json!(encoding::encode(left))));
        assert!(!is_good("at_hash", json!(encoding::encode(all))));
        assert!(!is_good("at_hash", json!("")));
        assert!(!is_good("at_hash", json!(1)));
    }
}
