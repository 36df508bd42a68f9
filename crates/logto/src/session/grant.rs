//! The claims of the ID token, the refresh token, and access tokens.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::pack;
use crate::oidc::Target;
use crate::oidc::claims::IdTokenClaims;

/// How many bytes of access tokens a session keeps: tokens for two resources in each of two hundred
/// organizations.
const MAX_TOKENS: usize = 256 * 1024;

/// What a sign-in or a refresh brought.
///
/// It never changes; a refresh makes another one. So most requests need no token unpacked, and what
/// was packed once serves every save until the next refresh.
pub(crate) struct Grant {
    /// The claims of the last ID token. Its header and signature have done their work and would only
    /// fill cookies.
    claims: Arc<IdTokenClaims>,
    tokens: OnceLock<StoredTokens>,
    packed: OnceLock<Box<[u8]>>,
}

/// The tokens of a session.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct StoredTokens {
    pub(crate) refresh: Option<String>,
    /// One for each target that was asked for, the one used last at the end.
    pub(crate) access: Vec<StoredToken>,
}

/// An access token and what it is good for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredToken {
    pub(crate) target: Target,
    pub(crate) token: String,
    /// The scopes that Logto granted, separated by spaces.
    pub(crate) scope: String,
    /// In seconds since the Unix epoch.
    pub(crate) expires_at: u64,
    /// Seconds from its issue to its end.
    pub(crate) lifetime: u64,
}

impl Grant {
    pub(crate) fn new(claims: Arc<IdTokenClaims>, tokens: StoredTokens) -> Arc<Self> {
        Arc::new(Self { claims, tokens: OnceLock::from(tokens), packed: OnceLock::new() })
    }

    /// Of bytes that this SDK packed: they were sealed since.
    pub(super) fn from_packed(claims: IdTokenClaims, packed: &[u8]) -> Arc<Self> {
        Arc::new(Self {
            claims: Arc::new(claims),
            tokens: OnceLock::new(),
            packed: OnceLock::from(Box::from(packed)),
        })
    }

    pub(crate) fn claims(&self) -> &Arc<IdTokenClaims> {
        &self.claims
    }

    /// The tokens. Where they cannot be unpacked there are none, and a caller that asks for one has to
    /// sign in.
    pub(crate) fn tokens(&self) -> &StoredTokens {
        self.tokens.get_or_init(|| {
            let packed = self.packed.get();
            let tokens = packed.and_then(|packed| pack::unpack_tokens(packed, &self.claims));
            tokens.unwrap_or_default()
        })
    }

    /// About how many bytes it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let packed = self.packed.get().map_or(0, |packed| packed.len());
        let tokens = self
            .tokens
            .get()
            .map_or(0, |tokens| tokens.access.iter().map(StoredToken::bytes).sum::<usize>());
        // Claims that were read one by one take about as much again as their JSON.
        2 * self.claims.payload().len() + packed + tokens
    }

    pub(super) fn packed(&self, pack: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.packed.get_or_init(|| pack().into())
    }

    pub(crate) fn token_for(&self, target: &Target) -> Option<&StoredToken> {
        let mut tokens = self.tokens().access.iter();
        tokens.find(|held| held.target == *target)
    }
}

impl StoredTokens {
    /// Keeps a token in place of the one for the same target. Those whose time is over go, and of too
    /// many the oldest: they can be had again.
    pub(crate) fn keep(&mut self, token: StoredToken, now: u64) {
        self.access.retain(|held| held.target != token.target && now < held.expires_at);
        self.access.push(token);
        let mut bytes: usize = self.access.iter().map(StoredToken::bytes).sum();
        while bytes > MAX_TOKENS && self.access.len() > 1 {
            bytes -= self.access.remove(0).bytes();
        }
    }

    /// The refresh token and the newest of the access tokens.
    pub(crate) fn newest(&self, count: usize) -> Self {
        let surplus = self.access.len().saturating_sub(count);
        Self {
            refresh: self.refresh.clone(),
            access: self.access.iter().skip(surplus).cloned().collect(),
        }
    }
}

impl StoredToken {
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
    pub(crate) fn needs_refresh(&self, now: u64) -> bool {
        now.saturating_add(Self::EARLY.min(self.lifetime / 5)) >= self.expires_at
    }
}

/// Without the tokens.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("claims", &self.claims).finish_non_exhaustive()
    }
}

/// The target only: the token is a secret.
impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken")
            .field("target", &self.target)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
