//! Session cookies and entries of the store, opened once.
//!
//! To open means to unseal, and to read what most requests need. What comes of that is kept for
//! those that follow; whether a session still lives is asked on each of them.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::records::Record;
use super::store_keys::{EndKeys, StoreKeys};
use super::{EndingSession, LoadedSession, SessionBackend};
use crate::cache::{Budget, Cacheable};
use crate::crypto::seal::Purpose;
use crate::session::{SessionId, SessionPointer, SessionState};
use crate::storage::Version;

/// Bytes of an entry beside what it holds: keys for the store, and its place in the cache.
const ENTRY: usize = 256;
/// Answers with a newer cookie after which the browser is given a smaller one.
const MAX_RENEWALS: u8 = 4;

/// A session cookie, opened.
pub(super) struct Opened {
    pub(super) content: CookieContent,
    /// Where the store has the session.
    pub(super) key: Box<str>,
    /// Where the store has what ends it.
    ends: OnceLock<Box<EndKeys>>,
    /// What the store had at the last request, and which writing of it that was.
    pub(super) stored: RwLock<Option<Box<(Version, Record)>>>,
    renewals: Renewals,
    pub(super) budget: Arc<Budget>,
}

/// How often this cookie was answered with a newer one that the browser does not have yet: a proxy
/// may refuse the response because its headers are too large.
#[derive(Default)]
struct Renewals {
    count: AtomicU8,
    /// In seconds since the Unix epoch.
    last: AtomicU64,
}

pub(super) enum CookieContent {
    Session(LoadedSession),
    /// With the value that it was sealed in; a session has its own.
    SessionPointer(SessionPointer, Box<[u8]>),
}

impl Cacheable for Arc<Opened> {
    fn text(&self) -> &[u8] {
        match &self.content {
            CookieContent::Session(loaded) => loaded.session.grant.sealed().unwrap_or_default(),
            CookieContent::SessionPointer(_, sealed) => sealed,
        }
    }

    fn bytes(&self) -> usize {
        let content = match &self.content {
            CookieContent::Session(loaded) => loaded.session.grant.bytes(),
            CookieContent::SessionPointer(pointer, sealed) => {
                let sid = pointer.sid.as_ref().map_or(0, String::len);
                pointer.sub.len() + sid + sealed.len()
            }
        };
        size_of::<Opened>() + ENTRY + content
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let stored = self.stored.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.budget.give_back(bytes_of(stored.as_deref()));
    }
}

/// What the store had, in memory.
pub(super) fn bytes_of(stored: Option<&(Version, Record)>) -> usize {
    match stored {
        Some((_, Record::Session(loaded))) => {
            size_of::<(Version, Record)>() + loaded.session.grant.bytes()
        }
        Some((_, Record::Revoked)) | None => 0,
    }
}

impl Opened {
    /// A cookie whose session the store has under `key`.
    pub(super) fn new(content: CookieContent, key: Box<str>, budget: Arc<Budget>) -> Self {
        let (ends, stored, renewals) = Default::default();
        Self { content, key, ends, stored, renewals, budget }
    }

    /// Where the store has what ends the session.
    pub(super) fn ends(&self, keys: &StoreKeys) -> &EndKeys {
        self.ends.get_or_init(|| {
            Box::new(match &self.content {
                CookieContent::Session(loaded) => keys.ends(loaded.sub(), loaded.sid()),
                CookieContent::SessionPointer(pointer, _) => {
                    keys.ends(&pointer.sub, pointer.sid.as_deref())
                }
            })
        })
    }

    pub(super) fn id(&self) -> SessionId {
        match &self.content {
            CookieContent::Session(loaded) => loaded.session.id,
            CookieContent::SessionPointer(pointer, _) => pointer.id,
        }
    }

    /// What has to be known to end the session.
    pub(super) fn ending(&self) -> EndingSession {
        match &self.content {
            CookieContent::Session(loaded) => loaded.into(),
            CookieContent::SessionPointer(pointer, _) => pointer.into(),
        }
    }

    /// When the session began, and the marker that was there then.
    pub(super) fn began(&self) -> (u64, Option<Version>) {
        match &self.content {
            CookieContent::Session(loaded) => {
                (loaded.session.started_at, loaded.session.known_marker)
            }
            CookieContent::SessionPointer(pointer, _) => (pointer.started_at, pointer.known_marker),
        }
    }

    /// What tells a newer cookie from an older one: when its session began, and its revision. A
    /// session that moved into the store has none in its cookie any more.
    pub(super) fn age(&self) -> (u64, u64) {
        match &self.content {
            CookieContent::Session(loaded) => (loaded.session.started_at, loaded.session.revision),
            CookieContent::SessionPointer(pointer, _) => (pointer.started_at, u64::MAX),
        }
    }

    /// The state to report when the store says that the session has ended.
    pub(super) fn state_of_end(&self) -> SessionState {
        match self.content {
            CookieContent::Session(_) => SessionState::SignedOut,
            CookieContent::SessionPointer(..) => SessionState::Revoked,
        }
    }

    pub(super) fn backend(&self) -> SessionBackend {
        match self.content {
            CookieContent::Session(_) => SessionBackend::Cookie,
            CookieContent::SessionPointer(..) => SessionBackend::Store,
        }
    }

    /// Counts an answer with a newer cookie; whether there were too many. Requests of the same
    /// second count once: a page makes several before it has the first answer.
    pub(super) fn renewals_fail(&self, now: u64) -> bool {
        let Renewals { count, last } = &self.renewals;
        if last.swap(now, Ordering::Relaxed) == now {
            return count.load(Ordering::Relaxed) > MAX_RENEWALS;
        }
        let before = count.load(Ordering::Relaxed);
        count.store(before.saturating_add(1), Ordering::Relaxed);
        before >= MAX_RENEWALS
    }

    pub(super) fn purpose(&self) -> Purpose {
        match self.content {
            CookieContent::Session(_) => Purpose::Session,
            CookieContent::SessionPointer(..) => Purpose::SessionPointer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogtoConfig;
    use crate::config::Settings;
    use crate::crypto::seal::KeyRing;
    use crate::oidc::claims::IdTokenClaims;
    use crate::session::manager::SessionManager;
    use crate::session::manager::fixture::loaded;
    use crate::session::{Device, Grant, Session, SessionId, StoredTokens};
    use crate::storage::MemoryStorage;

    const NOW: u64 = 1_795_342_500;

    fn manager(bytes: usize, is_stored: bool) -> SessionManager {
        let config = LogtoConfig::new("https://tenant.logto.app", "app", "secret")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_session_cache_bytes(bytes);
        let config = match is_stored {
            true => {
                let clock = config.clock.clone();
                config.with_storage(MemoryStorage::new().with_clock(clock))
            }
            false => config,
        };
        let settings = Settings::validate(config).unwrap();
        let keys = KeyRing::new(&["a secret".into()], "context").unwrap();
        SessionManager::new(&settings, keys.into())
    }

    /// The `Cookie` header of someone new, whose claims have so many bytes and compress well.
    async fn sign_in(manager: &SessionManager, bytes: usize) -> String {
        let filler = "x".repeat(bytes);
        let claims = format!(
            r#"{{"iss":"i","sub":"alice","aud":"app","iat":{NOW},"exp":{NOW},"sid":"x","f":"{filler}"}}"#
        );
        let session = Session {
            id: SessionId::random().unwrap(),
            revision: 0,
            started_at: NOW,
            last_used_at: NOW,
            known_marker: None,
            grant: Grant::new(
                IdTokenClaims::parse(claims.as_bytes()).unwrap().into(),
                StoredTokens::default(),
            ),
        };
        let loaded = manager.begin(session, Device::default(), NOW).await.unwrap();
        let lines = manager.cookies(&loaded, "", NOW).unwrap();
        let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
        pairs.join("; ")
    }

    #[tokio::test]
    async fn what_is_kept_stays_within_its_bytes_however_large_the_claims_are() {
        const LIMIT: usize = 1024 * 1024;
        for is_stored in [false, true] {
            let manager = manager(LIMIT, is_stored);
            let mut cookies = Vec::new();
            for _ in 0..60 {
                cookies.push(sign_in(&manager, 40_000).await);
            }
            let (mut most, mut kept) = (0, 0);
            for cookie in cookies.iter().chain(&cookies) {
                let lookup = manager.load(cookie.as_bytes(), NOW).await.unwrap();
                let loaded = lookup.loaded.unwrap();
                assert!(loaded.claims().payload().len() > 40_000);
                assert_eq!(loaded.session.grant.tokens().refresh, None);
                drop(loaded);
                // The next request makes room for what this one has read.
                manager.opened.get(b"a cookie of no browser");
                let taken = manager.sealer.budget().taken();
                assert!(taken <= LIMIT, "{taken} bytes");
                most = most.max(taken);
            }
            assert!(most > LIMIT / 2, "{most} bytes");
            for cookie in &cookies {
                let value = cookie.split_once('=').unwrap().1;
                kept += usize::from(manager.opened.get(&value.as_bytes()[1..]).is_some());
            }
            assert!((2..20).contains(&kept), "{kept} sessions");
        }
    }

    #[tokio::test]
    async fn a_usual_session_takes_little() {
        for is_stored in [false, true] {
            let manager = manager(1024 * 1024, is_stored);
            let cookie = sign_in(&manager, 400).await;
            manager.load(cookie.as_bytes(), NOW).await.unwrap();
            let taken = manager.sealer.budget().taken();
            assert!((400..1024).contains(&taken), "{taken} bytes");
        }
    }

    #[tokio::test]
    async fn requests_of_one_second_count_as_one_renewal() {
        let manager = manager(1024 * 1024, false);
        let cookie = sign_in(&manager, 400).await;
        manager.load(cookie.as_bytes(), NOW).await.unwrap();
        let value = cookie.split_once('=').unwrap().1;
        let opened = manager.opened.get(&value.as_bytes()[1..]).unwrap();
        for second in 0..MAX_RENEWALS {
            let now = NOW + u64::from(second);
            assert!(!opened.renewals_fail(now) && !opened.renewals_fail(now), "{second}");
        }
        let now = NOW + u64::from(MAX_RENEWALS);
        assert!(opened.renewals_fail(now) && opened.renewals_fail(now));
    }

    #[test]
    fn what_the_store_had_counts_as_long_as_it_is_kept() {
        let budget = Arc::new(Budget::new(0));
        let content = CookieContent::Session(loaded(NOW));
        let mut opened = Opened::new(content, "key".into(), Arc::clone(&budget));
        let record = Box::new((Version::from_number(1), Record::Session(loaded(NOW))));
        let bytes = bytes_of(Some(&record));
        assert!(bytes > size_of::<LoadedSession>(), "{bytes}");
        budget.take(bytes);
        *opened.stored.get_mut().unwrap() = Some(record);
        drop(opened);
        assert_eq!(budget.taken(), 0);
    }
}
