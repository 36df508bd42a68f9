//! Tokens that were verified a moment ago: one signature check takes longer than a thousand look-ups.
//!
//! The end of the signature says where a token is kept, and the whole token is compared: only
//! verified tokens are kept, so a forged end finds nothing. Each place belongs to a set of eight
//! under a lock of its own. A token that is used moves up in its set and a new one takes the last
//! place, so a flood of tokens that are used once pushes out none that are used often.

use std::array;
use std::sync::{Mutex, PoisonError};

use super::AccessTokenClaims;
use crate::jwt::Edition;

/// Places in a set.
const PLACES: usize = 8;

type Set = [Option<AccessTokenClaims>; PLACES];

pub(super) struct TokenCache {
    sets: Box<[Mutex<Set>]>,
}

impl TokenCache {
    /// Room for about that many tokens, and never more; none at all for 0.
    pub(super) fn new(tokens: usize) -> Self {
        let set = || Mutex::new(array::from_fn(|_| None));
        Self {
            sets: (0..tokens / PLACES).map(|_| set()).collect(),
        }
    }

    pub(super) fn get(&self, token: &str, now: u64, edition: Edition) -> Option<AccessTokenClaims> {
        let set = self.sets.get(self.place(token)?)?;
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &Option<AccessTokenClaims>| {
            kept.as_ref().is_some_and(|kept| kept.token() == token)
        };
        let at = set.iter().position(is_it)?;
        let kept = set.get(at)?.clone()?;
        if at > 0 {
            set.swap(at, at - 1);
        }
        kept.is_believed(now, edition).then_some(kept)
    }

    pub(super) fn insert(&self, claims: AccessTokenClaims, now: u64, edition: Edition) {
        if !claims.is_believed(now, edition) {
            return;
        }
        let place = self.place(claims.token());
        let Some(set) = place.and_then(|place| self.sets.get(place)) else {
            return;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = |kept: &Option<AccessTokenClaims>| {
            kept.as_ref().is_none_or(|kept| {
                kept.token() == claims.token() || !kept.is_believed(now, edition)
            })
        };
        let at = set.iter().position(is_free).unwrap_or(PLACES - 1);
        if let Some(kept) = set.get_mut(at) {
            *kept = Some(claims);
        }
    }

    /// The set of a token, by the last eight characters of its signature.
    fn place(&self, token: &str) -> Option<usize> {
        let end = u64::from_le_bytes(*token.as_bytes().last_chunk()?);
        // Fibonacci hashing: text uses few of the bits, the product spreads them.
        let spread = u128::from(end.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        usize::try_from((spread * self.sets.len() as u128) >> 64).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::Payload;
    use super::*;

    const API: &str = "https://api.example.test";
    const KEYS: Edition = Edition(1);

    fn claims(token: &str, believed_until: u64) -> AccessTokenClaims {
        let payload =
            format!(r#"{{"iss":"i","aud":"{API}","sub":"s","client_id":"c","exp":1000,"iat":1}}"#);
        let payload = Payload::parse(payload.as_bytes()).unwrap();
        AccessTokenClaims::new(token, &payload, API, believed_until, KEYS).unwrap()
    }

    #[test]
    fn a_token_is_found_by_the_whole_of_it_and_until_its_time() {
        let cache = TokenCache::new(64);
        cache.insert(claims("header.payload.signature", 50), 10, KEYS);
        let found = |token, now, edition| cache.get(token, now, edition).is_some();
        assert!(found("header.payload.signature", 49, KEYS));
        assert!(!found("header.payload.signature", 50, KEYS), "too old");
        assert!(
            !found("header.payload.signature", 49, Edition(2)),
            "other keys"
        );
        assert!(
            !found("header.PAYLOAD.signature", 49, KEYS),
            "another token"
        );
        assert!(!found("short", 49, KEYS));

        cache.insert(claims("header.payload.signature", 9999), 10, KEYS);
        assert!(found("header.payload.signature", 999, KEYS));
        assert!(!found("header.payload.signature", 1000, KEYS), "ended");
    }

    #[test]
    fn a_flood_stays_within_bounds_and_spares_what_is_used() {
        let cache = TokenCache::new(64);
        let used = "header.payload.used-often";
        cache.insert(claims(used, 50), 10, KEYS);
        for n in 0..5000 {
            cache.insert(claims(&format!("header.payload.{n:08}"), 50), 10, KEYS);
            assert!(cache.get(used, 10, KEYS).is_some(), "lost at {n}");
        }
        let sets = cache.sets.iter().map(|set| set.lock().unwrap());
        let kept: usize = sets.map(|set| set.iter().flatten().count()).sum();
        assert_eq!(kept, 64);
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let cache = TokenCache::new(0);
        cache.insert(claims("header.payload.signature", 50), 10, KEYS);
        assert!(cache.get("header.payload.signature", 10, KEYS).is_none());
    }
}
