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

#[cfg(test)]
mod tests {
    use super::*;

    fn token(resource: &str, bytes: usize, expires_at: u64) -> StoredToken {
        StoredToken {
            target: Target { resource: Some(resource.to_owned()), ..Target::default() },
            token: "x".repeat(bytes - resource.len()),
            scope: String::new(),
            expires_at,
            lifetime: 3600,
        }
    }

    fn kept(tokens: &StoredTokens) -> Vec<&str> {
        tokens.access.iter().filter_map(|token| token.target.resource.as_deref()).collect()
    }

    #[test]
    fn tokens_are_kept_up_to_a_bound_and_the_oldest_go() {
        const KIB: usize = 1024;
        let mut tokens = StoredTokens::default();
        tokens.keep(token("a", 128 * KIB, 100), 0);
        tokens.keep(token("b", 128 * KIB, 100), 0);
        assert_eq!(kept(&tokens), ["a", "b"]);
        tokens.keep(token("c", 1, 100), 0);
        assert_eq!(kept(&tokens), ["b", "c"]);
        tokens.keep(token("d", 256 * KIB, 100), 0);
        assert_eq!(kept(&tokens), ["d"]);
        tokens.keep(token("e", 300 * KIB, 100), 0);
        assert_eq!(kept(&tokens), ["e"], "the newest is always kept");
    }

    #[test]
    fn a_token_takes_the_place_of_the_one_before_and_of_expired_ones() {
        let mut tokens = StoredTokens::default();
        tokens.keep(token("a", 8, 100), 0);
        tokens.keep(token("b", 8, 200), 0);
        tokens.keep(token("b", 9, 200), 99);
        assert_eq!(kept(&tokens), ["a", "b"]);
        tokens.keep(token("c", 8, 200), 100);
        assert_eq!(kept(&tokens), ["b", "c"]);
        assert_eq!(tokens.access[0].bytes(), 9);
    }

    #[test]
    fn a_token_is_renewed_early_and_used_until_shortly_before_its_end() {
        // Of a short life a part: here six and three seconds, not sixty and ten.
        for (lifetime, early, margin) in [(3600, 60, 10), (30, 6, 3)] {
            let token = StoredToken { lifetime, ..token("a", 8, 10_000) };
            assert!(!token.needs_refresh(10_000 - early - 1));
            assert!(token.needs_refresh(10_000 - early));
            assert!(token.is_usable(10_000 - margin - 1));
            assert!(!token.is_usable(10_000 - margin));
        }
    }

    #[test]
    fn the_newest_are_those_at_the_end_and_the_rest_stays() {
        let mut tokens = StoredTokens {
            refresh: Some("refresh".to_owned()),
            organization: Some("organization".to_owned()),
            ..StoredTokens::default()
        };
        for resource in ["a", "b", "c"] {
            tokens.keep(token(resource, 8, 100), 0);
        }
        let newest = tokens.newest(2);
        assert_eq!(kept(&newest), ["b", "c"]);
        assert_eq!((newest.refresh, newest.organization), (tokens.refresh, tokens.organization));
    }
}
