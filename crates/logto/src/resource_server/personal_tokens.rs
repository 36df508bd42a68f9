//! Personal access tokens, exchanged for access tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::access_token::AccessToken;
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::m2m::{MachineApp, SubjectToken};
use crate::oidc::TokenRequest;

/// What Logto's personal access tokens begin with.
const PREFIX: &str = "pat_";
/// How many are exchanged at the same time: made-up ones must not make this server flood Logto.
const AT_ONCE: usize = 8;
/// How many wait for that at most; each is held in memory meanwhile.
const MAX_WAITING: usize = 1000;
/// Bytes of one; Logto's have 36.
const MAX_LENGTH: usize = 1024;
/// Seconds for which a refused one is refused without asking again.
const REFUSED_FOR: u64 = 60;
/// How many refused ones are remembered.
const MAX_REFUSED: usize = 10_000;

/// Turns personal access tokens into access tokens.
#[derive(Clone, Debug)]
pub(super) struct PersonalTokens(Arc<Exchange>);

#[derive(Debug)]
struct Exchange {
    app: MachineApp,
    request: TokenRequest,
    at_once: Semaphore,
    waiting: Semaphore,
    /// Hashes of tokens that Logto refused, and until when that is believed.
    refused: Mutex<HashMap<[u8; 32], u64>>,
}

impl PersonalTokens {
    pub(super) fn new(app: MachineApp, request: TokenRequest) -> Self {
        Self(Arc::new(Exchange {
            app,
            request,
            at_once: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(MAX_WAITING),
            refused: Mutex::default(),
        }))
    }

    pub(super) fn is_one(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// The access token for a personal one.
    pub(super) async fn exchange(&self, token: &str, now: u64) -> Result<AccessToken, Error> {
        let Exchange { app, request, at_once, waiting, .. } = &*self.0;
        let subject = SubjectToken::PersonalAccessToken(token);
        if let Some(known) = app.kept(subject, request) {
            return Ok(known);
        }
        if token.len() > MAX_LENGTH {
            return Err(refusal());
        }
        let key = encoding::sha256(&[token.as_bytes()]);
        if self.is_refused(&key, now) {
            return Err(refusal());
        }
        let _place = waiting.try_acquire().map_err(|_| {
            let why = "too many personal access tokens wait to be exchanged";
            Error::new(ErrorKind::Unreachable, why)
        })?;
        let _permit = at_once.acquire().await;
        match app.exchange(subject, request).await {
            // The user's token, and not the app that asks, has to be what is refused.
            Err(error)
                if error.kind() == ErrorKind::Refused
                    && error.response().and_then(|response| response.error())
                        == Some("invalid_grant") =>
            {
                self.refuse(key, now);
                Err(refusal())
            }
            outcome => outcome,
        }
    }

    fn is_refused(&self, key: &[u8; 32], now: u64) -> bool {
        let refused = self.0.refused.lock();
        let refused = refused.unwrap_or_else(PoisonError::into_inner);
        refused.get(key).is_some_and(|until| now < *until)
    }

    fn refuse(&self, key: [u8; 32], now: u64) {
        let refused = self.0.refused.lock();
        let mut refused = refused.unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MAX_REFUSED {
            refused.retain(|_, until| now < *until);
        }
        if refused.len() < MAX_REFUSED {
            refused.insert(key, now.saturating_add(REFUSED_FOR));
        }
    }
}

fn refusal() -> Error {
    let why = "Logto does not accept the personal access token";
    Error::new(ErrorKind::InvalidToken, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::m2m::MachineConfig;

    fn tokens() -> PersonalTokens {
        let config = MachineConfig::new("https://auth.example.test", "app", "secret");
        let request = TokenRequest::resource("https://api.example.test");
        PersonalTokens::new(MachineApp::new(config).unwrap(), request)
    }

    fn key(number: usize) -> [u8; 32] {
        encoding::sha256(&[&number.to_be_bytes()])
    }

    #[test]
    fn a_refusal_is_believed_for_a_minute() {
        let tokens = tokens();
        tokens.refuse(key(1), 100);
        assert!(tokens.is_refused(&key(1), 159));
        assert!(!tokens.is_refused(&key(1), 160));
        assert!(!tokens.is_refused(&key(2), 100));
    }

    #[test]
    fn refusals_take_a_bounded_share_of_memory() {
        let tokens = tokens();
        for number in 0..MAX_REFUSED {
            tokens.refuse(key(number), 100);
        }
        tokens.refuse(key(MAX_REFUSED), 159);
        assert!(tokens.is_refused(&key(0), 159), "the others are still believed");
        assert!(!tokens.is_refused(&key(MAX_REFUSED), 159), "there was no room");
        tokens.refuse(key(MAX_REFUSED), 160);
        assert!(tokens.is_refused(&key(MAX_REFUSED), 160), "the others made room");
    }

    /// A refusal without a request: nothing answers at the address of this tenant.
    #[tokio::test]
    async fn longer_ones_are_refused_without_asking() {
        let tokens = tokens();
        let length = |length| format!("{PREFIX}{}", "a".repeat(length - PREFIX.len()));
        let refused = tokens.exchange(&length(MAX_LENGTH + 1), 100).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidToken);
    }
}
