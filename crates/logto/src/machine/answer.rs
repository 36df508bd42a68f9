//! What the token endpoint answers.

use std::fmt;

use serde::Deserialize;

use crate::error::{Error, ErrorKind};

/// Seconds before its end at which a token is renewed.
const RENEW_AHEAD: u64 = 60;
/// Seconds before its end at which a token is not used any more: it has to arrive, too.
const LAST_SECONDS: u64 = 10;
/// What a token lives if the answer does not say; Logto always says.
const DEFAULT_LIFETIME: u64 = 3600;

/// An access token that Logto issued to a machine app.
pub struct IssuedToken {
    token: String,
    scope: String,
    expires_at: u64,
    renew_at: u64,
}

impl IssuedToken {
    pub(super) fn parse(body: &[u8], now: u64) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
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
            token: answer.access_token,
            scope: answer.scope,
            expires_at,
            renew_at: expires_at - RENEW_AHEAD.min(lifetime / 2),
        })
    }

    /// The token, to send after `Bearer`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The permissions that were granted. Logto drops those that the app does not have instead of
    /// refusing them.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When the token ends, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    pub(super) fn is_fresh(&self, now: u64) -> bool {
        now < self.renew_at
    }

    pub(super) fn is_usable(&self, now: u64) -> bool {
        now.saturating_add(LAST_SECONDS) < self.expires_at
    }
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
