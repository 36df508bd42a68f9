//! The tenant's signing keys, kept up to date.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use url::Url;

use super::cached::{Cached, Generation};
use super::refetch_limiter::RefetchLimiter;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, printable};
use crate::http::{Endpoint, Http};
use crate::oidc::jwt::{Compact, Header, KeySet, KeySetVersion, Lookup};

/// Seconds after which the key set is fetched again even if every token's key is known. A withdrawn
/// key is refused after twice that time at the latest, unless Logto cannot be reached.
const FRESH: u64 = 60 * 60;

/// Who handed a token to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenOrigin {
    /// Logto's token endpoint.
    Logto,
    /// Anyone who can reach this app.
    Untrusted,
}

/// The refusal of a token whose key is not known.
pub(crate) fn unknown_key() -> Error {
    let why = "the token is signed with a key that Logto does not publish";
    Error::new(ErrorKind::InvalidToken, why)
}

#[derive(Debug)]
pub(crate) struct Keys {
    http: Arc<Http>,
    clock: Clock,
    set: Arc<Cached<KeySet>>,
    refetch_limiter: RefetchLimiter,
    /// Whether the last fetch for a token of Logto's token endpoint found its key.
    found: AtomicBool,
    /// The version fetched last.
    version: Arc<AtomicU64>,
}

impl Keys {
    pub(crate) fn new(http: Arc<Http>, clock: Clock) -> Self {
        Self {
            http,
            set: Cached::new(FRESH, clock.clone()),
            clock,
            refetch_limiter: RefetchLimiter::default(),
            found: AtomicBool::new(true),
            version: Arc::default(),
        }
    }

    /// Which key set was fetched last. What an earlier one verified may be signed with a key that
    /// was withdrawn.
    pub(crate) fn version(&self) -> KeySetVersion {
        KeySetVersion(self.version.load(Ordering::Acquire))
    }

    /// The key set, fetched if there is none.
    pub(crate) async fn known(&self, jwks_uri: &Url) -> Result<(Arc<KeySet>, Generation), Error> {
        self.set.get(|| self.fetch(jwks_uri)).await
    }

    /// Whether a token is refused whatever else it says: there is no key for it, and none may be
    /// looked for now. The sender chooses the key's name, so this costs them more than us.
    pub(crate) fn has_no_key_for(&self, header: &Header) -> bool {
        self.set.settled().is_some_and(|keys| {
            !keys.has_key_for(header)
                && !self.refetch_limiter.would_permit(header.kid.as_deref(), self.clock.now())
        })
    }

    /// Checks a signature, and says which key set it was checked with. A `kid` that is not known,
    /// or a signature that a known key did not make, is looked for once more in a fresh key set:
    /// Logto may have rotated a second ago. How often that is done is limited, but not for what
    /// Logto sent itself, as long as it helps.
    pub(crate) async fn verify(
        &self,
        jwks_uri: &Url,
        token: &Compact<'_>,
        origin: TokenOrigin,
    ) -> Result<KeySetVersion, Error> {
        let (mut keys, generation) = self.known(jwks_uri).await?;
        let mut lookup = keys.verify(token);
        if lookup != Lookup::Verified {
            // Only who fetches is counted: a burst of tokens of a new key waits for one fetch.
            let kid = token.header.kid.as_deref();
            let is_permitted = || {
                (origin == TokenOrigin::Logto && self.found.swap(false, Ordering::AcqRel))
                    || self.refetch_limiter.permit(kid, self.clock.now())
            };
            let fetch = self.fetch(jwks_uri);
            if let Some(refetched) = self.set.after_if(generation, is_permitted, fetch).await? {
                lookup = refetched.verify(token);
                keys = refetched;
            }
            if origin == TokenOrigin::Logto && lookup == Lookup::Verified {
                self.found.store(true, Ordering::Release);
            }
        }
        match lookup {
            Lookup::Verified => Ok(keys.version()),
            Lookup::UnknownKey => Err(unknown_key()),
            Lookup::BadSignature => {
                Err(Error::new(ErrorKind::InvalidToken, "the token's signature is wrong"))
            }
        }
    }

    fn fetch(&self, jwks_uri: &Url) -> impl Future<Output = Result<KeySet, Error>> + use<> {
        let (http, url) = (Arc::clone(&self.http), jwks_uri.clone());
        let version = Arc::clone(&self.version);
        async move {
            let answer = http.get(Endpoint::Keys, &url, None).await.map_err(|error| {
                let url = printable(url.as_str());
                error.in_context(format_args!("{url}, the key set that Logto's discovery names"))
            })?;
            let keys = KeySet::parse(&answer)?;
            version.store(keys.version().0, Ordering::Release);
            tracing::debug!(?keys, "fetched Logto's key set");
            Ok(keys)
        }
    }
}
