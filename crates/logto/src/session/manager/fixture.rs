//! A session manager, a session, and a store in virtual time, for tests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::{LoadedSession, SessionBackend, SessionManager};
use crate::LogtoConfig;
use crate::config::Settings;
use crate::crypto::seal::KeyRing;
use crate::oidc::claims::IdTokenClaims;
use crate::session::{Grant, Session, SessionId, StoredTokens};
use crate::storage::{Entry, Expect, Storage, StorageError, Version, async_trait};

/// Sessions in cookies, and what else there is of them in `storage`.
pub(super) fn manager(storage: Arc<dyn Storage>) -> Arc<SessionManager> {
    configured(storage, LogtoConfig::with_sessions_in_cookies)
}

/// Sessions in `storage`.
pub(super) fn storing_manager(storage: Arc<dyn Storage>) -> Arc<SessionManager> {
    configured(storage, |config| config)
}

pub(super) fn configured(
    storage: Arc<dyn Storage>,
    configure: impl FnOnce(LogtoConfig) -> LogtoConfig,
) -> Arc<SessionManager> {
    let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
        .with_cookie_secret("0123456789abcdef0123456789abcdef")
        .with_storage(storage);
    let config = configure(config);
    let settings = Settings::validate(config).unwrap();
    let keys = KeyRing::new(&settings.cookie_secrets, "context").unwrap();
    Arc::new(SessionManager::new(&settings, Arc::new(keys)))
}

pub(crate) fn loaded(started_at: u64) -> LoadedSession {
    let claims = br#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2}"#;
    let claims = IdTokenClaims::parse(claims).unwrap();
    LoadedSession {
        session: Session {
            id: SessionId::random().unwrap(),
            revision: 0,
            started_at,
            last_used_at: started_at,
            known_marker: None,
            grant: Grant::new(claims.into(), StoredTokens::default()),
        },
        backend: SessionBackend::Cookie,
    }
}

/// A store whose time is that of the paused runtime.
#[derive(Debug, Default)]
pub(crate) struct PausedStorage {
    entries: Mutex<HashMap<String, (Entry, Instant)>>,
    pub(crate) calls: AtomicU32,
    pub(crate) is_down: AtomicBool,
}

impl PausedStorage {
    fn check(&self) -> Result<(), StorageError> {
        let is_down = self.is_down.load(Ordering::Relaxed);
        if is_down { Err(StorageError::new("it is down")) } else { Ok(()) }
    }

    /// Changes what is there if that is what was expected.
    fn change(&self, key: &str, expect: Option<Expect>, new: Option<(Entry, Duration)>) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap();
        entries.retain(|_, (_, end)| *end > Instant::now());
        let found = entries.get(key).map(|(entry, _)| entry.version);
        let fits = match expect {
            Some(Expect::Absent) => found.is_none(),
            Some(Expect::Version(version)) => found == Some(version),
            None => found.is_some(),
        };
        if fits {
            entries.remove(key);
            let new = new.map(|(entry, ttl)| (entry, Instant::now() + ttl));
            entries.extend(new.map(|new| (key.to_owned(), new)));
        }
        fits
    }
}

#[async_trait]
impl Storage for PausedStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.check()?;
        let mut entries = self.entries.lock().unwrap();
        entries.retain(|_, (_, end)| *end > Instant::now());
        Ok(keys.iter().map(|key| entries.get(*key).map(|(entry, _)| entry.clone())).collect())
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        self.check()?;
        Ok(self.change(key, Some(expect), Some((entry, ttl))))
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        self.check()?;
        Ok(self.change(key, version.map(Expect::Version), None))
    }
}
