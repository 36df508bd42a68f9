//! Where sessions are kept: in the browser's cookies or in a store.
//!
//! There always is a store. Where none was configured it is this process's memory, and sessions are
//! in cookies. A session in cookies leaves two kinds of things there: what a refresh made of it,
//! for requests and browsers that do not have the new cookie yet, and that it is over, so that no
//! copy of its cookie brings it back.

mod attempts;
mod callback_outcome;
mod expiry;
mod held_lease;
mod lease;
mod listed;
mod load;
mod loaded;

mod open;
mod opened;
mod outages;
mod pending;
mod records;
mod replay;
mod revocation;
mod stale;
mod store;
mod store_keys;
mod watch;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Budget, Cache};
use crate::config::Settings;
use crate::cookies::{self, Attributes};
use crate::crypto::seal::KeyRing;
use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;
use crate::session::{Device, Opener, Packer, Session, SessionCookie, SessionPointer};
use crate::storage::{MemoryStorage, Storage, Subscription};

pub(crate) use callback_outcome::TakenUp;
use expiry::SessionExpiry;
pub(crate) use held_lease::HeldLease;
pub(crate) use lease::Turn;
pub(crate) use listed::ListedSession;
pub use listed::SessionInfo;
pub(crate) use load::SessionLookup;
pub(crate) use loaded::{LoadedSession, SessionBackend};
use opened::Opened;
pub(crate) use pending::{Added, EndingSession, PendingEnds};
pub(crate) use records::FoundSession;
pub(crate) use replay::ReplayGuard;
use store::Store;
pub(crate) use store_keys::Concerned;
use store_keys::StoreKeys;
pub(crate) use watched::WatchedSession;
use watched::WatchedSessions;

/// Bytes of a packed session without access tokens; a person in a thousand organizations takes
/// about a third of it.
const MAX_SESSION: usize = 128 * 1024;

/// Bytes of the smallest opened session, for the number of places in the cache.
const SESSION_BYTES: usize = 1024;

/// Keeps the sessions of one application.
#[derive(Debug)]
pub(crate) struct SessionManager {
    opener: Arc<Opener>,
    cookie: SessionCookie,
    /// Of frames in pages of other sites, where the app allows them.
    frame_cookie: Option<SessionCookie>,
    store: Store,
    store_keys: StoreKeys,
    expiry: SessionExpiry,
    /// Ends that the store has not taken yet.
    pub(crate) pending: PendingEnds,
    /// Whose end open streams wait for.
    pub(crate) watched: WatchedSessions,
    /// By the sealed text.
    opened: Cache<Arc<Opened>>,
    /// Where new sessions go.
    backend: SessionBackend,
    /// Whether sessions in cookies are listed too: the store outlives the process.
    lists_cookies: bool,
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
            partitioned: false,
        };
        let budget = Arc::new(Budget::new(settings.session_cache));
        let opener = Opener::new(
            Arc::clone(&keys),
            attributes.name(&settings.cookie_name),
            Packer::new(&settings.issuer, &settings.app_id),
            Arc::clone(&budget),
        );
        let cookie = SessionCookie::new(attributes, settings.cookie_budget, Arc::clone(&opener));
        let frame_cookie =
            settings.partitioned_cookies.then(|| cookie.in_frame(&settings.frame_cookie_name()));
        Self {
            cookie,
            frame_cookie,
            store: Store::new(storage, settings.storage_timeout, keys),
            store_keys,
            expiry: SessionExpiry {
                lifetime: settings.session_lifetime,
                idle: settings.idle_lifetime,
                renewal: settings.renewal_interval,
            },
            pending: PendingEnds::default(),
            watched: WatchedSessions::default(),
            opened: Cache::new(settings.session_cache / SESSION_BYTES, budget),
            backend: match settings.sessions_in_cookies {
                true => SessionBackend::Cookie,
                false => SessionBackend::Store,
            },
            lists_cookies: settings.storage.is_some(),
            opener,
        }
    }

    /// The session cookie of the jar that `header` comes from.
    fn cookie_of(&self, header: &[u8]) -> &SessionCookie {
        self.used_frame_cookie(header).unwrap_or(&self.cookie)
    }

    /// Whether the cookies come from a frame in a page of another site: a jar of its own, whose
    /// cookies are not `SameSite=Lax`.
    pub(crate) fn is_in_frame(&self, header: &[u8]) -> bool {
        self.used_frame_cookie(header).is_some()
    }

    /// The cookie for frames, if it counts. The usual one does not reach a frame of another site;
    /// where it comes along, it counts.
    fn used_frame_cookie(&self, header: &[u8]) -> Option<&SessionCookie> {
        let framed = self.frame_cookie.as_ref()?;
        // The name of a frame's key, which comes before its session, begins alike.
        let is_framed = cookies::starting_with(header, framed.name()).next().is_some()
            && cookies::values(header, self.cookie.name()).next().is_none();
        is_framed.then_some(framed)
    }

    /// Whether a session is loaded without waiting.
    pub(crate) fn load_at_once(&self) -> bool {
        self.store.is_in_process()
    }

    /// Whether the store answers and can be written.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.store.ping().await
    }

    /// Hears what instances announce; `None` if the store has no means for that.
    pub(crate) async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, Error> {
        self.store.subscribe().await
    }

    /// Announces something that is no key, to see whether it arrives.
    pub(crate) async fn echo(&self, message: &str) -> Result<(), Error> {
        self.store.announce(message).await
    }

    /// Tells the other instances that what is under a key ended something.
    async fn announce(&self, key: &str) {
        if let Err(error) = self.store.announce(key).await {
            limited!(
                warn,
                %error,
                "failed to announce the end of a session: open streams on other instances end later"
            );
        }
    }

    /// Takes up a new session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidCallback`] if the session at Logto that it comes from has ended.
    pub(crate) async fn begin(
        &self,
        mut session: Session,
        device: Device,
        now: u64,
    ) -> Result<LoadedSession, Error> {
        self.check_size(&session)?;
        session.known_marker = self.known_marker(&session).await?;
        let loaded = LoadedSession { backend: self.backend_for(&session), session };
        if loaded.is_stored() {
            self.create(&loaded.session, now).await?;
        }
        if (loaded.is_stored() || self.lists_cookies)
            // A session that no list knows is better than none.
            && let Err(error) = self.list(&loaded, device, now).await
        {
            limited!(warn, %error, "failed to add a new session to the session list of its user");
        }
        Ok(loaded)
    }

    /// The `Set-Cookie` lines that make the browser keep the session. Where the cookies would be
    /// too large its access tokens are left out, the oldest first: they can be had again. Where
    /// the claims alone are too large, the cookie points to what the store has.
    pub(crate) fn cookies(
        &self,
        loaded: &LoadedSession,
        header: &str,
        now: u64,
    ) -> Result<Vec<String>, Error> {
        let left = self.expiry.ends_at(&loaded.session).saturating_sub(now);
        // Logto's clock, which says when it began, may be ahead.
        let max_age = left.min(self.expiry.lifetime);
        let cookie = self.cookie_of(header.as_bytes());
        match loaded.backend {
            SessionBackend::Store => self.write_pointer(loaded, header, max_age),
            SessionBackend::Cookie if !self.fits_cookies(&loaded.session) => {
                self.write_pointer(loaded, header, max_age)
            }
            SessionBackend::Cookie => {
                let write = |session: &Session| cookie.write(session, header, max_age);
                let all = write(&loaded.session);
                if !is_too_large(&all) {
                    return all;
                }
                let with_newest = |count| write(&loaded.session.with_newest_tokens(count));
                let tokens = &loaded.session.grant.tokens().access;
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
        self.cookie_of(header.as_bytes()).remove(header)
    }

    fn write_pointer(
        &self,
        loaded: &LoadedSession,
        header: &str,
        max_age: u64,
    ) -> Result<Vec<String>, Error> {
        let pointer = SessionPointer {
            id: loaded.session.id,
            started_at: loaded.session.started_at,
            known_marker: loaded.session.known_marker,
            sub: loaded.sub().to_owned(),
            sid: loaded.sid().map(str::to_owned),
        };
        self.cookie_of(header.as_bytes()).write_pointer(&pointer, header, max_age)
    }

    /// Whether the session can be kept at all.
    pub(crate) fn has_room(&self, session: &Session) -> bool {
        self.check_size(session).is_ok()
    }

    fn check_size(&self, session: &Session) -> Result<(), Error> {
        let bytes = self.opener.packer().pack(&session.with_newest_tokens(0)).len();
        if bytes <= MAX_SESSION {
            return Ok(());
        }
        let (claim, size) = session.grant.claims().largest();
        Err(Error::new(
            ErrorKind::SessionTooLarge,
            format!(
                "the session takes {bytes} bytes and {MAX_SESSION} are allowed: the claim \
                 `{claim}` alone has {size} bytes of JSON"
            ),
        ))
    }

    /// Where a new session goes: into cookies only if they fit into the budget.
    fn backend_for(&self, session: &Session) -> SessionBackend {
        match self.backend {
            SessionBackend::Cookie if !self.fits_cookies(session) => {
                tracing::info!(
                    "a session exceeds the cookie budget and is kept in the session store; without a \
                     configured store that is this process's memory"
                );
                SessionBackend::Store
            }
            backend => backend,
        }
    }

    /// Whether the session's claims and refresh token fit into the cookie budget.
    fn fits_cookies(&self, session: &Session) -> bool {
        let bare = session.with_newest_tokens(0);
        !is_too_large(&self.cookie.write(&bare, "", 0))
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
