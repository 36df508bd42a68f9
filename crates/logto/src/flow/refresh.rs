//! A refresh token is redeemed once, however many requests ask at the same time, here and in other
//! processes.
//!
//! In this process those who want the same token share one flight. Across processes a lease in the
//! store lets one redeem; the others find its result in the store. A flight is a task of its own: a
//! browser that goes away does not cut it between Logto's answer and ours. What Logto answered is
//! stored before it is used, and a session that was ended meanwhile stays ended.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tracing::{Instrument, info_span};

use super::engine::Engine;
use super::tokens::Renewal;
use crate::error::{Error, ErrorKind};
use crate::http::{Departure, is_answer_lost};
use crate::log_limit::LogLimit;
use crate::metrics;
use crate::oidc::Target;
use crate::oidc::TokenRequest;
use crate::session::manager::{FoundSession, HeldLease, LoadedSession, Turn};
use crate::session::{Grant, Session, SessionId};
use crate::single_flight::{Flight, SingleFlight};

/// How long a request waits for a renewal of a token that is still good.
const EARLY_PATIENCE: Duration = Duration::from_secs(2);
/// Seconds after a sign-in in which another one would bring nothing better, and send the person
/// around for ever.
const JUST_NOW: u64 = 60;
/// Seconds without early renewals after one met an outage.
const PAUSE: u64 = 5;
/// Between two attempts to store what Logto answered. It exists nowhere else, so there is an attempt
/// as long as the process lives, with at most one answer waiting for each session. The pause is
/// short: when the store is back, the first reader must not find the refresh token that Logto has
/// replaced. Of many answers together it is longer.
const STORE_PAUSE: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));
/// How soon after a request whose answer was lost the same refresh token may be sent again: Logto
/// takes one that it has replaced for three seconds more, and then ends everything that was issued
/// for the sign-in.
const SECOND_ATTEMPT: Duration = Duration::from_secs(2);

type Outcome = Result<LoadedSession, Error>;

/// The refreshes under way.
#[derive(Default)]
pub(crate) struct Refreshes {
    in_flight: SingleFlight<(SessionId, Target), Outcome>,
    /// When early renewals may begin again.
    paused_until: AtomicU64,
    /// Answers of Logto that the store has not taken yet.
    unstored: AtomicUsize,
    /// Of a store that does not take what was refreshed: each refresh tries again and again.
    store_failures: LogLimit,
}

/// Counts an answer of Logto that the store has not taken yet, also if its task is cut.
struct Unstored<'a>(&'a AtomicUsize);

impl<'a> Unstored<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Unstored<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is to be refreshed.
struct RefreshRequest {
    held: LoadedSession,
    target: Target,
    /// The token that is not good enough.
    known: Option<String>,
}

impl RefreshRequest {
    /// Whether another request has fulfilled it.
    fn is_fulfilled_by(&self, session: &Session, now: u64) -> bool {
        session
            .grant
            .token_for(&self.target)
            .is_some_and(|held| held.is_usable(now) && Some(&held.token) != self.known.as_ref())
    }
}

impl Refreshes {
    /// The session with a usable token for the request: as it is, or refreshed.
    pub(crate) async fn fresh(
        &self,
        engine: &Arc<Engine>,
        held: &LoadedSession,
        request: &TokenRequest,
    ) -> Result<LoadedSession, Error> {
        let now = engine.settings.clock.now();
        let token = held.session.grant.token_for(&request.target);
        let usable = token.filter(|token| token.is_usable(now) && !request.fresh);
        if usable.is_some_and(|token| !token.needs_refresh(now)) {
            return Ok(held.clone());
        }
        if held.session.refresh_token().is_none() {
            let age = now.saturating_sub(held.session.started_at);
            let (kind, why) = match usable {
                Some(_) => return Ok(held.clone()),
                None if age < JUST_NOW => (
                    ErrorKind::InvalidResponse,
                    "the sign-in brought neither a usable access token nor a refresh token",
                ),
                None => (
                    ErrorKind::SignInRequired,
                    "there is no refresh token to get an access token with",
                ),
            };
            return Err(Error::new(kind, why));
        }
        let wanted = RefreshRequest {
            held: held.clone(),
            target: request.target.clone(),
            known: token.map(|token| token.token.clone()),
        };
        if usable.is_none() {
            let limits = &engine.settings.limits;
            let patience = limits.connect_timeout + limits.request_timeout;
            return finished(self.join(engine, wanted).0, patience).await;
        }
        if now < self.paused_until.load(Ordering::Relaxed) {
            return Ok(held.clone());
        }
        let (flight, is_first) = self.join(engine, wanted);
        if !is_first || held.is_stored() {
            // The store will have the new token for the next request.
            return Ok(held.clone());
        }
        // A session in a cookie is refreshed for good when its browser has the new one.
        match finished(flight, EARLY_PATIENCE).await {
            Err(error) if !error.needs_sign_in() => Ok(held.clone()),
            outcome => outcome,
        }
    }

    /// The refresh under way for the same session and target, and whether it begins now.
    fn join(&self, engine: &Arc<Engine>, wanted: RefreshRequest) -> (Flight<Outcome>, bool) {
        let key = (wanted.held.session.id, wanted.target.clone());
        let tasks = &engine.tasks;
        let engine = Arc::clone(engine);
        let refresh = async move {
            let outcome = engine.renew(&wanted).await;
            metrics::refresh(
                outcome.as_ref().err().map_or("refreshed", |error| error.kind().label()),
            );
            if let Err(error) = &outcome {
                // The request may be gone.
                engine.faults.report("refresh", error);
            }
            let refreshes = &engine.refreshes;
            if outcome.as_ref().is_err_and(Error::is_retryable) {
                let until = engine.settings.clock.now().saturating_add(PAUSE);
                refreshes.paused_until.store(until, Ordering::Relaxed);
            }
            outcome
        };
        self.in_flight.join(tasks, key, refresh.instrument(info_span!("refresh")))
    }

    /// How many answers of Logto the store has not taken yet.
    pub(crate) fn unstored(&self) -> usize {
        self.unstored.load(Ordering::Relaxed)
    }
}

fn store_pause(waiting: usize) -> Duration {
    let (each, most) = STORE_PAUSE;
    each.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX)).clamp(each, most)
}

async fn finished(flight: Flight<Outcome>, patience: Duration) -> Outcome {
    let late = || Error::new(ErrorKind::Unreachable, "the refresh takes too long");
    let stopped = || Error::new(ErrorKind::Unreachable, "the refresh was stopped");
    let landed = tokio::time::timeout(patience, flight.landed()).await.map_err(|_| late())?;
    landed.unwrap_or_else(|| Err(stopped()))
}

impl Engine {
    /// Waits for the lease, or for the result of the instance that has it.
    async fn renew(&self, wanted: &RefreshRequest) -> Result<LoadedSession, Error> {
        // What can fail without Logto's token endpoint fails before other requests have to wait.
        self.provider.metadata().await?;
        let is_done =
            |session: &Session| wanted.is_fulfilled_by(session, self.settings.clock.now());
        loop {
            match self.sessions.lease_or_outcome(&wanted.held, is_done).await? {
                Turn::Done(latest) => return Ok(latest),
                Turn::Lease(lease) => {
                    let lease = HeldLease::new(lease);
                    let exchange = self.exchange(wanted, &lease);
                    if let Some(latest) = self.sessions.holding(&lease, exchange).await? {
                        return Ok(latest);
                    }
                }
            }
        }
    }

    /// `None` if this process stood still, and another instance may have had the lease: nothing was sent.
    async fn exchange(
        &self,
        wanted: &RefreshRequest,
        lease: &HeldLease,
    ) -> Result<Option<LoadedSession>, Error> {
        let mut found = self.sessions.find(&wanted.held).await?;
        let mut is_second = false;
        let mut departure = Departure::under(lease.right());
        loop {
            let latest = found.held.clone();
            if wanted.is_fulfilled_by(&latest.session, self.settings.clock.now()) {
                return Ok(Some(latest));
            }
            match self.redeem_refresh_token(&latest, &wanted.target, &departure).await {
                Ok(renewal) => {
                    let stored = self.store_renewal(&wanted.held, found, renewal, lease).await;
                    return stored.map(Some);
                }
                Err(_) if departure.left().is_none() && !is_second && !lease.right().is_valid() => {
                    return Ok(None);
                }
                Err(error) if error.needs_sign_in() => {
                    let newer = self.sessions.find(&latest).await?;
                    if newer.held.session.refresh_token() == latest.session.refresh_token() {
                        self.sessions.end(&(&latest).into(), self.settings.clock.now()).await?;
                        tracing::info!(%error, "Logto ended a session");
                        return Err(error);
                    }
                    // Another instance rotated the refresh token meanwhile.
                    found = newer;
                    departure = Departure::under(lease.right());
                }
                Err(error)
                    if !is_second
                        && is_answer_lost(&error)
                        && let Some(sent) = departure.left()
                        && sent.elapsed() < SECOND_ATTEMPT =>
                {
                    tracing::warn!(%error, "lost the response to a token refresh; retrying once");
                    is_second = true;
                    departure = Departure::before(sent + SECOND_ATTEMPT);
                }
                Err(error) => {
                    let is_about_target = error.kind() != ErrorKind::InvalidClient;
                    if error.response().is_some() && !error.is_retryable() && is_about_target {
                        self.rescue(wanted, found, lease).await;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Logto spends a refresh token that is to be replaced before it looks at what is asked for, and
    /// does not return the new one if it then refuses. For three seconds it takes the old one again.
    async fn rescue(&self, wanted: &RefreshRequest, found: FoundSession, lease: &HeldLease) {
        let plain = Target::default();
        if wanted.target == plain {
            return;
        }
        let renewal = self.redeem_refresh_token(&found.held, &plain, &Departure::default()).await;
        let rescued = match renewal {
            Ok(renewal) => self.store_renewal(&wanted.held, found, renewal, lease).await,
            Err(error) => Err(error),
        };
        if let Err(error) = rescued {
            tracing::warn!(%error, "failed to recover the rotated refresh token after Logto refused a refresh");
        }
    }

    /// Stores what came of redeeming the refresh token of `found`, and only then hands it out.
    async fn store_renewal(
        &self,
        before: &LoadedSession,
        found: FoundSession,
        renewal: Renewal,
        lease: &HeldLease,
    ) -> Result<LoadedSession, Error> {
        let from = found.held.clone();
        let change = |session: &mut Session| {
            let now = self.settings.clock.now();
            self.sessions.note_refresh(session, now);
            let mut tokens = session.grant.tokens().clone();
            // Unless another instance, which redeemed the same token or ours, stored a newer one.
            let is_newest = session.revision <= from.session.revision
                || session.refresh_token() == from.session.refresh_token();
            if let Some(refresh_token) = &renewal.refresh_token
                && is_newest
            {
                tokens.refresh = Some(refresh_token.clone());
            }
            let mut newer_claims = None;
            if let Ok(accepted) = &renewal.accepted {
                tokens.keep(accepted.token.clone(), now);
                newer_claims = accepted.claims.clone();
            }
            let claims = Arc::clone(session.grant.claims());
            session.grant = Grant::new(claims, tokens.clone());
            if let Some(claims) = newer_claims {
                let old = std::mem::replace(&mut session.grant, Grant::new(claims, tokens));
                if !self.sessions.has_room(session) {
                    tracing::warn!(
                        "the refreshed claims exceed the session size limit; keeping the previous claims"
                    );
                    session.grant = old;
                }
            }
            true
        };
        let mut waiting = None;
        let mut found = Some(found);
        let stored = loop {
            let now = self.settings.clock.now();
            let stored = self.sessions.update_under(lease, before, found.take(), now, change);
            match stored.await {
                Err(error) if error.is_retryable() => {
                    waiting.get_or_insert_with(|| Unstored::new(&self.refreshes.unstored));
                    if let Some(suppressed) = self.refreshes.store_failures.admit() {
                        tracing::warn!(%error, suppressed, "failed to store refreshed tokens; retrying");
                    }
                    tokio::time::sleep(store_pause(self.refreshes.unstored())).await;
                }
                outcome => break outcome,
            }
        };
        drop(waiting);
        match stored {
            Ok(held) => renewal.accepted.map(|_| held),
            Err(error) => {
                if error.needs_sign_in()
                    && let Some(token) = renewal
                        .refresh_token
                        .or_else(|| before.session.refresh_token().map(str::to_owned))
                    && let Err(error) = self.revoke(&token).await
                {
                    tracing::warn!(%error, "failed to revoke the refresh token of an ended session");
                }
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshes").finish_non_exhaustive()
    }
}
