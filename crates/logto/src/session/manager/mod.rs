//! Where sessions are kept: in the browser's cookies or in a store.
//!
//! There always is a store. Where none was configured it is this process's memory, and sessions are
//! in cookies. A session in cookies leaves two kinds of things there: what a refresh made of it, for
//! requests and browsers that do not have the new cookie yet, and that it is over, so that no copy of
//! its cookie brings it back.

mod expiry;
mod lease;
mod load;
mod loaded;
mod opened;
mod records;
mod replay;
mod revocation;
mod store;
mod store_keys;

use std::sync::Arc;
use std::time::Duration;

use crate::cache::Cache;
use crate::config::Settings;
use crate::cookies::Attributes;
use crate::crypto::seal::KeyRing;
use crate::error::{Error, ErrorKind};
use crate::session::{Packer, Session, SessionCookie, SessionPointer};
use crate::storage::{MemoryStorage, Storage};

use expiry::SessionExpiry;
pub(crate) use load::SessionLookup;
pub(crate) use loaded::{LoadedSession, SessionBackend};
use opened::Opened;
pub use revocation::SessionInfo;
use store::Store;
use store_keys::StoreKeys;

/// Keeps the sessions of one application.
#[derive(Debug)]
pub(crate) struct SessionManager {
    keys: Arc<KeyRing>,
    cookie: SessionCookie,
    store: Store,
    store_keys: StoreKeys,
    expiry: SessionExpiry,
    /// By the sealed text.
    opened: Cache<Arc<Opened>>,
    /// Where new sessions go.
    backend: SessionBackend,
}

impl SessionManager {
    pub(crate) fn new(settings: &Settings, keys: Arc<KeyRing>) -> Self {
        let (storage, store_keys) = match &settings.storage {
            Some(storage) => (Arc::clone(storage), StoreKeys::hashed(keys.context())),
            None => {
                let memory = MemoryStorage::new().with_clock(settings.clock.clone());
                let memory: Arc<dyn Storage> = Arc::new(memory);
                (memory, StoreKeys::plain())
            }
        };
        let attributes = Attributes {
            secure: settings.secure,
            domain: settings.cookie_domain.clone(),
            path: settings.cookie_path.clone(),
        };
        Self {
            cookie: SessionCookie::new(
                &settings.cookie_name,
                attributes,
                settings.cookie_budget,
                Packer::new(&settings.issuer, &settings.app_id),
            ),
            store: Store::new(storage, settings.storage_timeout, Arc::clone(&keys)),
            store_keys,
            expiry: SessionExpiry {
                lifetime: settings.session_lifetime,
                idle: settings.idle_lifetime,
                renewal: settings.renewal_interval,
            },
            opened: Cache::new(opened::MOST),
            backend: match settings.sessions_in_cookies {
                true => SessionBackend::Cookie,
                false => SessionBackend::Store,
            },
            keys,
        }
    }

    /// Whether the store answers.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.store.ping().await
    }

    /// Takes up a new session.
    pub(crate) async fn begin(&self, session: Session, now: u64) -> Result<LoadedSession, Error> {
        let held = LoadedSession { session, backend: self.backend };
        match self.backend {
            SessionBackend::Cookie => self.check_size(&held.session)?,
            SessionBackend::Store => {
                self.create(&held.session, now).await?;
                // A session that no list knows is better than none.
                if let Err(error) = self.list(&held, now).await {
                    tracing::warn!(%error, "a new session is not in the list of its person");
                }
            }
        }
        Ok(held)
    }

    /// The `Set-Cookie` lines that make the browser keep the session. What it holds of access tokens
    /// goes, the oldest first, where the cookies would be too large: they can be had again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`] if the claims alone are.
    pub(crate) fn cookies(
        &self,
        held: &LoadedSession,
        header: &str,
        now: u64,
    ) -> Result<Vec<String>, Error> {
        let max_age = self.expiry.ends_at(&held.session).saturating_sub(now);
        match held.backend {
            SessionBackend::Store => {
                let pointer = SessionPointer {
                    id: held.session.id,
                    started_at: held.session.started_at,
                    sub: held.sub().to_owned(),
                    sid: held.claims().sid.clone(),
                };
                self.cookie.write_pointer(&self.keys, &pointer, header, max_age)
            }
            SessionBackend::Cookie => {
                let write =
                    |session: &Session| self.cookie.write(&self.keys, session, header, max_age);
                let all = write(&held.session);
                if !is_too_large(&all) {
                    return all;
                }
                let with_newest = |count| write(&held.session.with_newest_tokens(count));
                let tokens = &held.session.grant.tokens().access;
                // The most that fit, in few attempts: packing hundreds of tokens takes time.
                let (mut fits, mut too_many) = (0, tokens.len());
                while fits + 1 < too_many {
                    let half = usize::midpoint(fits, too_many);
                    match is_too_large(&with_newest(half)) {
                        true => too_many = half,
                        false => fits = half,
                    }
                }
                with_newest(fits)
            }
        }
    }

    /// The `Set-Cookie` lines that end the session in this browser.
    pub(crate) fn no_cookies(&self, header: &str) -> Vec<String> {
        self.cookie.remove(header)
    }

    /// Whether the session can be kept where it is, if need be without access tokens.
    pub(crate) fn has_room(&self, session: &Session, backend: SessionBackend) -> bool {
        backend == SessionBackend::Store || self.check_size(session).is_ok()
    }

    fn check_size(&self, session: &Session) -> Result<(), Error> {
        let bare = session.with_newest_tokens(0);
        self.cookie.write(&self.keys, &bare, "", 0).map(drop)
    }

    /// Notes that a session was refreshed. With an idle lifetime its use is noted with its cookie
    /// only, so that the browser's and ours end together.
    pub(crate) fn note_refresh(&self, session: &mut Session, now: u64) {
        if self.expiry.idle.is_none() {
            session.last_used_at = session.last_used_at.max(now);
        }
    }

    fn seconds_left(&self, session: &Session, now: u64) -> Duration {
        Duration::from_secs(self.expiry.ends_at(session).saturating_sub(now))
    }
}

fn is_too_large<T>(written: &Result<T, Error>) -> bool {
    let error = written.as_ref().err();
    error.is_some_and(|error| error.kind() == ErrorKind::SessionTooLarge)
}
