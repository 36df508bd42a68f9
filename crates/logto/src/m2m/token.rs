//! An access token of a machine app, and when it is renewed.

use crate::access_token::AccessToken;
use crate::error::Error;
use crate::oidc::Tokens;

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
        let tokens = Tokens::parse(body)?;
        let lifetime = tokens.expires_in.unwrap_or(DEFAULT_LIFETIME);
        let expires_at = now.saturating_add(lifetime);
        Ok(Self {
            token: AccessToken::new(tokens.access_token, tokens.scope, expires_at),
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
