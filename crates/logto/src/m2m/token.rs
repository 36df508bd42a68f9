//! The response of the token endpoint to a machine app.

use serde::Deserialize;

use crate::access_token::AccessToken;
use crate::error::{Error, ErrorKind};
use crate::oidc::lifetime;

/// Seconds before its end at which a token is renewed.
const RENEW_AHEAD: u64 = 60;
/// Seconds before its end at which a token is not used any more: it has to arrive, too.
const LAST_SECONDS: u64 = 10;
/// What a token lives if the answer does not say; Logto always says.
const DEFAULT_LIFETIME: u64 = 3600;

/// An access token, and when to ask for another.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) token: AccessToken,
    renew_at: u64,
}

impl Issued {
    pub(super) fn parse(body: &[u8], now: u64) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            #[serde(default, deserialize_with = "lifetime")]
            expires_in: Option<u64>,
            #[serde(default)]
            scope: String,
            token_type: String,
        }
        let answer: Answer = serde_json::from_slice(body)
            .map_err(|e| Error::malformed(ErrorKind::InvalidResponse, "the token answer", &e))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") || answer.access_token.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "the token endpoint sent no bearer token",
            ));
        }
        let lifetime = answer.expires_in.unwrap_or(DEFAULT_LIFETIME);
        let expires_at = now.saturating_add(lifetime);
        Ok(Self {
            token: AccessToken::new(answer.access_token, answer.scope, expires_at),
            renew_at: expires_at - RENEW_AHEAD.min(lifetime / 2),
        })
    }

    pub(super) fn is_fresh(&self, now: u64) -> bool {
        now < self.renew_at
    }

    pub(super) fn is_usable(&self, now: u64) -> bool {
        now.saturating_add(LAST_SECONDS) < self.token.expires_at()
    }
}
