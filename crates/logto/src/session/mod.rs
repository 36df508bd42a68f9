//! What is kept for one signed-in browser, and in which form.

mod bytes;
mod cookie;
mod id;
mod index;
mod pack;
mod state;
mod target;
mod ticket;
mod token;

use std::fmt;

use crate::claims::IdTokenClaims;
use crate::error::Error;

pub(crate) use cookie::{Content, Found, Sealed, SessionCookie};
pub(crate) use id::SessionId;
pub(crate) use index::{Index, Indexed};
pub(crate) use pack::Packer;
pub use state::SessionState;
pub(crate) use target::Target;
pub use target::TokenRequest;
pub(crate) use ticket::Ticket;

/// How many bytes of access tokens a session keeps: tokens for two resources in each of two hundred
/// organizations.
const MAX_TOKENS: usize = 256 * 1024;

/// The session's own content; never seen by anyone but the SDK.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Counts the refreshes, so that of two copies the newer one is known.
    pub(crate) revision: u64,
    /// When the person signed in, in milliseconds since the Unix epoch.
    pub(crate) started_at: u64,
    /// When the session was last seen in use, in seconds since the Unix epoch; not more exact than
    /// the renewal interval.
    pub(crate) seen_at: u64,
    /// The payload of the last ID token, as Logto sent it and we verified it. Header and signature
    /// have done their work and would only fill cookies.
    pub(crate) id_token: Vec<u8>,
    pub(crate) refresh_token: Option<String>,
    /// One for each target that was asked for, the one used last at the end.
    pub(crate) tokens: Vec<HeldToken>,
}

/// An access token and what it is good for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HeldToken {
    pub(crate) target: Target,
    pub(crate) token: String,
    /// The scopes that Logto granted, separated by spaces.
    pub(crate) scope: String,
    /// In seconds since the Unix epoch.
    pub(crate) expires_at: u64,
    /// Seconds from its issue to its end.
    pub(crate) lifetime: u64,
}

impl HeldToken {
    /// Seconds before its end at which a token is not used any more: it has to survive the way. Of a
    /// short-lived token it is a tenth of its life.
    const MARGIN: u64 = 10;
    /// Seconds before its end at which a token is renewed although it can still be used.
    const EARLY: u64 = 60;

    fn bytes(&self) -> usize {
        let target = [&self.target.resource, &self.target.organization];
        let target = target.into_iter().flatten().chain(&self.target.scopes);
        self.token.len() + self.scope.len() + target.map(String::len).sum::<usize>()
    }

    pub(crate) fn is_usable(&self, now: u64) -> bool {
        now.saturating_add(Self::MARGIN.min(self.lifetime / 10)) < self.expires_at
    }

    /// Whether to renew it while it still serves.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        now.saturating_add(Self::EARLY.min(self.lifetime / 5)) >= self.expires_at
    }
}

impl Session {
    pub(crate) fn claims(&self) -> Result<IdTokenClaims, Error> {
        IdTokenClaims::parse(&self.id_token)
    }

    pub(crate) fn token_for(&self, target: &Target) -> Option<&HeldToken> {
        self.tokens.iter().find(|held| held.target == *target)
    }

    /// Keeps a token in place of the one for the same target. Those whose time is over go, and of too
    /// many the oldest: they can be had again.
    pub(crate) fn keep_token(&mut self, token: HeldToken, now: u64) {
        self.tokens
            .retain(|held| held.target != token.target && now < held.expires_at);
        self.tokens.push(token);
        let mut bytes: usize = self.tokens.iter().map(HeldToken::bytes).sum();
        while bytes > MAX_TOKENS && self.tokens.len() > 1 {
            bytes -= self.tokens.remove(0).bytes();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("started_at", &self.started_at)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

/// The target only: the token is a secret.
impl fmt::Debug for HeldToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldToken")
            .field("target", &self.target)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
