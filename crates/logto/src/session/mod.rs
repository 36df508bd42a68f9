//! What is kept for one signed-in browser.

mod bytes;
mod cookie;
mod pack;
mod token;

use std::fmt;

use crate::claims::IdTokenClaims;
use crate::error::Error;

pub(crate) use cookie::{Found, SessionCookie};
pub(crate) use pack::Packer;

/// The session's own content; never seen by anyone but the SDK.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// When the person signed in, in seconds since the Unix epoch.
    pub(crate) started_at: u64,
    /// The payload of the last ID token, as Logto sent it and we verified it. Header and signature
    /// have done their work and would only fill cookies.
    pub(crate) id_token: Vec<u8>,
    pub(crate) refresh_token: Option<String>,
    /// The opaque access token, for userinfo and the Account API.
    pub(crate) access_token: Option<AccessToken>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessToken {
    pub(crate) token: String,
    /// In seconds since the Unix epoch.
    pub(crate) expires_at: u64,
}

impl AccessToken {
    /// Seconds before its end at which a token is not used any more: it has to survive the way.
    const MARGIN: u64 = 10;

    pub(crate) fn is_usable(&self, now: u64) -> bool {
        now.saturating_add(Self::MARGIN) < self.expires_at
    }
}

impl Session {
    pub(crate) fn claims(&self) -> Result<IdTokenClaims, Error> {
        IdTokenClaims::parse(&self.id_token)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("started_at", &self.started_at)
            .field("refresh_token", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}
