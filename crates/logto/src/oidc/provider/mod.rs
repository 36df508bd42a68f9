//! What we know of the Logto tenant: its discovery document and its keys.
//!
//! Both are fetched when first needed, so that an app starts while Logto is down, and kept in this
//! process. Logto forbids caching its key set by header, so ages are our own.

mod cached;
mod discovery;
mod keys;
mod refetch_limiter;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::Error;
use crate::http::Http;
use crate::oidc::jwt::{Compact, Header, KeySetVersion};

pub(crate) use cached::Cached;
use discovery::is_about;
pub(crate) use discovery::{Metadata, discovery_url};
pub(crate) use keys::TokenOrigin;
use keys::{Keys, unknown_key};

/// Whether Logto sent the error itself: any status, or a body that is of no use.
pub(crate) fn is_answer(error: &Error) -> bool {
    error.response().is_some() || !error.is_retryable()
}

/// How long it is remembered whether the tenant answers.
const REMEMBERED: Duration = Duration::from_secs(3);

/// Seconds after which the discovery document is fetched again.
const FRESH: u64 = 60 * 60;

#[derive(Debug)]
pub(crate) struct Provider {
    http: Arc<Http>,
    issuer: Arc<str>,
    metadata: Arc<Cached<Metadata>>,
    keys: Keys,
    /// When the tenant was last asked whether it answers, and whether it did.
    lately: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Provider {
    pub(crate) fn new(http: Arc<Http>, issuer: &str, clock: &Clock) -> Self {
        Self {
            http: Arc::clone(&http),
            issuer: issuer.into(),
            metadata: Cached::new(FRESH, clock.clone()),
            keys: Keys::new(http, clock.clone()),
            lately: tokio::sync::Mutex::default(),
        }
    }

    /// `<endpoint>/oidc`.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether the tenant calls itself that. Other names are told without asking it.
    pub(crate) async fn is_issuer(&self, name: &str) -> Result<bool, Error> {
        Ok(is_about(name, &self.issuer) && self.metadata().await?.issuer == name)
    }

    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Error> {
        let fetch = || {
            let (http, issuer) = (Arc::clone(&self.http), Arc::clone(&self.issuer));
            async move { Metadata::fetch(&http, &issuer).await }
        };
        Ok(self.metadata.get(fetch).await?.0)
    }

    /// Whether the tenant answers a request now, whatever it answers.
    pub(crate) async fn answers(&self) -> bool {
        match Metadata::fetch(&self.http, &self.issuer).await {
            Ok(_) => true,
            Err(error) => is_answer(&error),
        }
    }

    /// The same within `patience`, remembered for a few seconds: for requests that anyone can make.
    pub(crate) async fn answers_lately(&self, patience: Duration) -> bool {
        let mut lately = self.lately.lock().await;
        if let Some((asked, answers)) = *lately
            && asked.elapsed() < REMEMBERED
        {
            return answers;
        }
        let answers = tokio::time::timeout(patience, self.answers()).await.unwrap_or(false);
        *lately = Some((Instant::now(), answers));
        answers
    }

    /// Sees to it that there are keys to check signatures with.
    pub(crate) async fn fetch_keys(&self) -> Result<(), Error> {
        let metadata = self.metadata().await?;
        self.keys.known(&metadata.jwks_uri).await.map(drop)
    }

    /// Which key set was fetched last.
    pub(crate) fn key_set_version(&self) -> KeySetVersion {
        self.keys.version()
    }

    /// The refusal of a token by its header alone, if no key can be had for it now.
    pub(crate) fn check_key(&self, header: &Header) -> Result<(), Error> {
        if self.keys.has_no_key_for(header) { Err(unknown_key()) } else { Ok(()) }
    }

    /// Checks the signature of a token, fetching the keys again if they changed.
    pub(crate) async fn verify_signature(
        &self,
        token: &Compact<'_>,
        origin: TokenOrigin,
    ) -> Result<KeySetVersion, Error> {
        let metadata = self.metadata().await?;
        self.keys.verify(&metadata.jwks_uri, token, origin).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, ErrorResponse};

    #[test]
    fn whatever_logto_answers_it_is_there() {
        let outage = ErrorKind::Unreachable;
        assert!(!is_answer(&Error::new(outage, "no connection")));
        let response = ErrorResponse {
            status: Some(503),
            error: None,
            description: None,
            request_id: None,
            retry_after: None,
        };
        assert!(is_answer(&Error::from_response(outage, response)));
        assert!(is_answer(&Error::new(ErrorKind::InvalidResponse, "no JSON")));
    }
}
