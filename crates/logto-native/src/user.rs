//! Who signed in, by the ID token.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// How far the clocks of Logto and of this machine may differ, in seconds.
const TOLERANCE: u64 = 60;

/// The user who signed in.
///
/// # Example
///
/// ```
/// use logto_native::User;
///
/// /// What the program calls the user.
/// fn display_name(user: &User) -> &str {
///     user.name.as_deref().or(user.username.as_deref()).unwrap_or(&user.sub)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The user's id in Logto (`sub`).
    pub sub: String,
    /// The full name, if Logto has one.
    pub name: Option<String>,
    /// The user name, if Logto has one.
    pub username: Option<String>,
    /// The e-mail address, with the scope `email`.
    pub email: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: u64,
    nonce: Option<String>,
    #[serde(flatten)]
    user: User,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl User {
    /// Reads an ID token that came from Logto's token endpoint. TLS says who sent it, in place of
    /// its signature (OpenID Connect Core 1.0, section 3.1.3.7, item 6).
    pub(crate) fn from_id_token(
        token: &str,
        issuer: &str,
        app_id: &str,
        nonce: Option<&str>,
        now: u64,
    ) -> Result<Self, Error> {
        let invalid =
            |why: &str| Error::new(ErrorKind::InvalidResponse, format!("Logto's ID token {why}"));
        let payload = token.split('.').nth(1).unwrap_or_default();
        let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload);
        let claims = payload.ok().and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
        let claims = claims.ok_or_else(|| invalid("cannot be read"))?;
        let is_for_us = match &claims.aud {
            Audience::One(one) => one == app_id,
            Audience::Several(several) => several.iter().any(|one| one == app_id),
        };
        if claims.iss != issuer {
            return Err(invalid("is of another issuer"));
        }
        if !is_for_us {
            return Err(invalid("is for another app"));
        }
        if claims.exp.saturating_add(TOLERANCE) < now {
            return Err(invalid("has expired: check the clock of this machine"));
        }
        if nonce.is_some() && claims.nonce.as_deref() != nonce {
            return Err(invalid("is of another sign-in"));
        }
        Ok(claims.user)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn token(claims: &Value) -> String {
        let payload = base64_simd::URL_SAFE_NO_PAD.encode_to_string(claims.to_string());
        format!("e30.{payload}.AA")
    }

    fn read(claims: &Value, nonce: Option<&str>) -> Result<User, Error> {
        User::from_id_token(&token(claims), "https://a/oidc", "app", nonce, 1000)
    }

    #[test]
    fn each_claim_has_to_fit() {
        let good = json!({"iss": "https://a/oidc", "aud": "app", "exp": 1001, "sub": "s", "name": null, "nonce": "n"});
        assert_eq!(read(&good, Some("n")).unwrap().sub, "s");
        assert_eq!(read(&good, None).unwrap().name, None);
        for (member, wrong) in [
            ("iss", json!("https://b/oidc")),
            ("aud", json!("another")),
            ("aud", json!(["another"])),
            ("exp", json!(900)),
            ("nonce", json!("m")),
            ("sub", json!(null)),
        ] {
            let mut claims = good.clone();
            claims[member] = wrong;
            let error = read(&claims, Some("n")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{claims}");
        }
        assert!(User::from_id_token("x", "i", "a", None, 0).is_err());
    }
}
