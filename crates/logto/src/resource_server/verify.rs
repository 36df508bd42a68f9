//! The checks of RFC 9068, section 4, on an access token.

use super::AccessTokenClaims;
use super::claims::Payload;
use super::personal_tokens::PersonalTokens;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::oidc::claims::seconds;
use crate::oidc::jwt::{Compact, Header};
use crate::oidc::provider::{Provider, TokenOrigin};

/// A longer token is not looked at. Custom claims can make one of Logto's long, headers end at 8
/// KiB almost everywhere.
const MAX_TOKEN: usize = 16 * 1024;

/// What verification goes by.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) resource: String,
    pub(super) tolerance: u64,
    /// Seconds for which a verified token is believed.
    pub(super) believed_for: u64,
    pub(super) clock: Clock,
}

impl Verifier {
    /// The refusal of a token that needs no look at more than its header.
    pub(super) fn check_header(token: &str, provider: &Provider) -> Result<(), Error> {
        if token.len() > MAX_TOKEN || PersonalTokens::is_one(token) {
            // Said elsewhere.
            return Ok(());
        }
        let header = Header::parse(token)?;
        check_type(header.typ.as_deref())?;
        provider.check_key(&header)
    }

    /// Everything that costs little comes before the signature.
    pub(super) async fn verify(
        &self,
        token: &str,
        provider: &Provider,
    ) -> Result<AccessTokenClaims, Error> {
        if token.len() > MAX_TOKEN {
            return Err(refuse("it is longer than 16 KiB"));
        }
        if PersonalTokens::is_one(token) {
            return Err(refuse("it is a personal access token, and this API does not accept them"));
        }
        let compact = Compact::parse(token)?;
        check_type(compact.header.typ.as_deref())?;
        let payload = Payload::parse(&compact.payload)?;
        let now = self.clock.now();
        self.check_parties(&payload)?;
        self.check_times(&payload, now)?;
        if !provider.is_issuer(&payload.iss).await? {
            return Err(refuse("`iss` is another issuer"));
        }
        let version = provider.verify_signature(&compact, TokenOrigin::Untrusted).await?;
        let until = now.saturating_add(self.believed_for);
        AccessTokenClaims::new(token, &payload, &self.resource, until, version)
            .ok_or_else(|| refuse("`aud` is another API"))
    }

    fn check_parties(&self, payload: &Payload) -> Result<(), Error> {
        if !payload.is_for(&self.resource) {
            return Err(refuse("`aud` is another API"));
        }
        if !payload.names_a_subject() {
            return Err(refuse("`sub` or `client_id` is empty"));
        }
        Ok(())
    }

    fn check_times(&self, payload: &Payload, now: u64) -> Result<(), Error> {
        let latest = now.saturating_add(self.tolerance);
        if seconds(payload.exp).saturating_add(self.tolerance) <= now {
            return Err(refuse("it has expired"));
        }
        if payload.nbf.is_some_and(|nbf| seconds(nbf) > latest) {
            return Err(refuse("`nbf` is in the future"));
        }
        if seconds(payload.iat) > latest {
            return Err(refuse(
                "it was issued in the future; compare the clocks of this server and Logto",
            ));
        }
        Ok(())
    }
}

/// ID tokens and logout tokens are signed with the same keys (section 4, and RFC 8725, section
/// 3.11).
fn check_type(typ: Option<&str>) -> Result<(), Error> {
    let is = |name| typ.is_some_and(|typ| typ.eq_ignore_ascii_case(name));
    if is("at+jwt") || is("application/at+jwt") {
        Ok(())
    } else {
        Err(refuse("`typ` is not `at+jwt`"))
    }
}

fn refuse(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidToken, format!("the access token is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource_server::Api;

    const RESOURCE: &str = "https://api.example.test";

    #[test]
    fn the_tolerance_is_granted_to_the_second() {
        let verifier = Verifier {
            resource: RESOURCE.to_owned(),
            tolerance: 10,
            believed_for: 60,
            clock: Clock::system(),
        };
        let is_fresh = |exp: u64, iat: u64, nbf: u64| {
            let json = format!(
                r#"{{"iss":"i","aud":"{RESOURCE}","sub":"s","client_id":"c","exp":{exp},"iat":{iat},"nbf":{nbf}}}"#
            );
            verifier.check_times(&Payload::parse(json.as_bytes()).unwrap(), 1000).is_ok()
        };
        assert!(is_fresh(991, 1010, 1010));
        assert!(!is_fresh(990, 1010, 1010), "ended");
        assert!(!is_fresh(991, 1011, 1010), "issued later");
        assert!(!is_fresh(991, 1010, 1011), "not yet valid");
    }

    #[tokio::test]
    async fn longer_tokens_are_not_read() {
        let api = Api::new("https://auth.example.test", RESOURCE).unwrap();
        let why = async |length| api.verify(&"a".repeat(length)).await.unwrap_err().to_string();
        assert!(why(16 * 1024 + 1).await.contains("longer than 16 KiB"));
        assert!(!why(16 * 1024).await.contains("longer"));
    }
}
