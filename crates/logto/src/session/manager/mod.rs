//! Where sessions are kept: in the browser's cookies or in a store.
//!
//! There always is a store. Where none was configured it is this process's memory, and sessions are
//! in cookies. A session in cookies leaves two kinds of things there: what a refresh made of it,
//! for requests and browsers that do not have the new cookie yet, and that it has ended, so that no
//! copy of its cookie brings it back.

mod attempts;
mod callback_outcome;
mod cookies;
mod ends;
mod expiry;
#[cfg(test)]
pub(crate) mod fixture;
mod former;
mod held_lease;
mod leases;
mod listed;
mod lists;
mod load;
mod loaded;
mod markers;
mod open;
mod opened;
mod outages;
mod pending;
mod records;
mod refresh_turn;
mod replay;
mod stale;
mod store;
mod store_keys;
mod watch;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Budget, Cache};
use crate::config::Settings;
use crate::cookies::Attributes;
use crate::crypto::seal::KeyRing;
use crate::error::{Error, ErrorKind};
use crate::log_limit::{LogLimit, limited};
use crate::session::{Device, Packer, Sealer, Session};
use crate::storage::Subscription;

pub(crate) use callback_outcome::TakenUp;
use cookies::SessionCookies;
use expiry::SessionExpiry;
pub(crate) use held_lease::HeldLease;
use leases::Leases;
pub(crate) use listed::ListedSession;
pub use listed::SessionInfo;
use lists::SessionLists;
pub(crate) use load::SessionLookup;
pub(crate) use loaded::{LoadedSession, SessionBackend};
use markers::Markers;
use opened::Opened;
#[cfg(test)]
pub(crate) use pending::MAX_PENDING;
pub(crate) use pending::{Added, EndingSession, PendingEnds};
pub(crate) use records::FoundSession;
pub(crate) use refresh_turn::Turn;
pub(crate) use replay::ReplayGuard;
use replay::ReplayGuards;
use store::Store;
pub(crate) use store_keys::Affected;
pub(crate) use watched::WatchedSession;
use watched::WatchedSessions;

/// Bytes of a packed session without access tokens; a user in a thousand organizations takes
/// about a third of it.
const MAX_SESSION: usize = 128 * 1024;

/// Bytes of the smallest opened session, for the number of places in the cache.
const SESSION_BYTES: usize = 1024;

/// Keeps the sessions of one application.
#[derive(Debug)]
pub(crate) struct SessionManager {
    cookies: SessionCookies,
    store: Arc<Store>,
    sealer: Arc<Sealer>,
    expiry: SessionExpiry,
    /// Which sessions each user has.
    lists: SessionLists,
    /// What ends all sessions of a user, or makes access tokens stale.
    pub(crate) markers: Markers,
    /// What may be used once.
    pub(crate) replay_guards: ReplayGuards,
    /// Who refreshes a session at the moment.
    pub(crate) leases: Leases,
    /// Ends that the store has not taken yet.
    pub(crate) pending: PendingEnds,
    /// Whose end open streams wait for.
    pub(crate) watched: Arc<WatchedSessions>,
    /// By the sealed text.
    opened: Cache<Arc<Opened>>,
    /// Where new sessions go.
    backend: SessionBackend,
    /// Whether sessions in cookies are listed too: the store outlives the process.
    lists_cookies: bool,
    /// Of cookies that were renewed and do not come back.
    unrenewed_cookies: LogLimit,
    /// Limits the lines about entries of the store that cannot be read.
    unreadable_entries: LogLimit,
}

impl SessionManager {
    pub(crate) fn new(settings: &Settings, keys: Arc<KeyRing>) -> Self {
        let budget = Arc::new(Budget::new(settings.session_cache));
        let attributes = Attributes {
            secure: settings.secure,
            domain: settings.cookie_domain.clone(),
            path: settings.cookie_path.clone(),
            partitioned: false,
        };
        let sealer = Sealer::new(
            Arc::clone(&keys),
            attributes.name(&settings.cookie_name),
            Packer::new(&settings.issuer, &settings.app_id),
            Arc::clone(&budget),
        );
        let store = Arc::new(Store::new(settings, keys));
        let watched = Arc::new(WatchedSessions::default());
        let lifetime = settings.session_lifetime;
        Self {
            cookies: SessionCookies::new(settings, attributes, Arc::clone(&sealer)),
            expiry: SessionExpiry {
                lifetime,
                idle: settings.idle_lifetime,
                renewal: settings.renewal_interval,
            },
            lists: SessionLists::new(Arc::clone(&store), lifetime),
            markers: Markers::new(Arc::clone(&store), Arc::clone(&watched), lifetime),
            replay_guards: ReplayGuards::new(Arc::clone(&store), Arc::clone(&sealer)),
            leases: Leases::new(Arc::clone(&store)),
            store,
            sealer,
            pending: PendingEnds::default(),
            watched,
            opened: Cache::new(settings.session_cache / SESSION_BYTES, budget),
            backend: match settings.sessions_in_cookies {
                true => SessionBackend::Cookie,
                false => SessionBackend::Store,
            },
            lists_cookies: settings.storage.is_some(),
            unrenewed_cookies: LogLimit::default(),
            unreadable_entries: LogLimit::default(),
        }
    }

    /// Whether the cookies come from a frame in a page of another site.
    pub(crate) fn is_in_frame(&self, header: &[u8]) -> bool {
        self.cookies.are_of_frame(header)
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
        session.known_marker = self.markers.marker_for_new(&session).await?;
        let loaded = LoadedSession { backend: self.backend_for(&session), session };
        if loaded.is_stored() {
            self.create(&loaded.session, now).await?;
        }
        if (loaded.is_stored() || self.lists_cookies)
            // A session that no list knows is better than none.
            && let Err(error) = self.lists.add(&loaded, device, now).await
        {
            limited!(warn, %error, "failed to add a new session to the session list of its user");
        }
        Ok(loaded)
    }

    /// The `Set-Cookie` lines that make the browser keep the session.
    pub(crate) fn cookies(
        &self,
        loaded: &LoadedSession,
        header: &str,
        now: u64,
    ) -> Result<Vec<String>, Error> {
        let left = self.expiry.ends_at(&loaded.session).saturating_sub(now);
        // Logto's clock, which says when it began, may be ahead.
        self.cookies.write(loaded, header, left.min(self.expiry.lifetime))
    }

    /// The `Set-Cookie` lines that end the session in this browser.
    pub(crate) fn no_cookies(&self, header: &str) -> Vec<String> {
        self.cookies.remove(header)
    }

    /// Whether the session can be kept at all.
    pub(crate) fn has_room(&self, session: &Session) -> bool {
        self.check_size(session).is_ok()
    }

    fn check_size(&self, session: &Session) -> Result<(), Error> {
        let bytes = self.sealer.packer().pack(&session.with_newest_tokens(0)).len();
        if bytes <= MAX_SESSION {
            return Ok(());
        }
        let (claim, size) = session.grant.claims().largest();
        let largest = match session.refresh_token() {
            Some(token) if token.len() > size => {
                format!("the refresh token alone has {} bytes", token.len())
            }
            _ => format!("the claim `{claim}` alone has {size} bytes of JSON"),
        };
        let why =
            format!("the session takes {bytes} bytes and {MAX_SESSION} are allowed: {largest}");
        Err(Error::new(ErrorKind::SessionTooLarge, why))
    }

    /// Where a new session goes: into cookies only if they fit into the budget.
    fn backend_for(&self, session: &Session) -> SessionBackend {
        match self.backend {
            SessionBackend::Cookie if !self.cookies.fit(session) => {
                tracing::info!(
                    "a session exceeds the cookie budget and is kept in the session store; without a \
                     configured store that is this process's memory"
                );
                SessionBackend::Store
            }
            backend => backend,
        }
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
