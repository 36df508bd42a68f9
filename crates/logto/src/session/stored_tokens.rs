//! The refresh token and the access tokens of a session.

use std::fmt;

use crate::oidc::Target;

/// How many bytes of access tokens a session keeps: tokens for two resources in each of two hundred
/// organizations.
const MAX_TOKENS: usize = 256 * 1024;

/// The tokens of a session.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct StoredTokens {
    pub(crate) refresh: Option<String>,
    /// One for each target that was asked for, the one used last at the end.
    pub(crate) access: Vec<StoredToken>,
    /// The organization that the user works in.
    pub(crate) organization: Option<String>,
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

impl StoredTokens {
    /// About how many bytes they take in memory.
    pub(super) fn bytes(&self) -> usize {
        let access = self.access.iter().map(|token| size_of::<StoredToken>() + token.bytes());
        let texts = [&self.refresh, &self.organization].into_iter().flatten();
        size_of::<Self>() + texts.map(String::len).sum::<usize>() + access.sum::<usize>()
    }

    /// Keeps a token in place of the one for the same target. Expired ones go, and of
    /// too many the oldest: they can be had again.
    pub(crate) fn keep(&mut self, token: StoredToken, now: u64) {
        self.access.retain(|kept| kept.target != token.target && now < kept.expires_at);
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
            organization: self.organization.clone(),
        }
    }
}

impl StoredToken {
    /// Seconds before its end at which a token is not used any more: it has to survive the way. Of
    /// a short-lived token it is a tenth of its life.
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

/// The target only: the token is a secret.
impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken")
            .field("target", &self.target)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
