//! A refresh token is redeemed once among all instances that share a store.
//!
//! A lease in the store lets one of them redeem it; the others find its result in the store. What
//! Logto answered is stored before it is used, and a session that was ended meanwhile stays ended.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::tokens::RefreshedTokens;
use crate::error::{Error, ErrorKind};
use crate::http::{Dispatch, is_answer_lost};
use crate::log_limit::limited;
use crate::oidc::Target;
use crate::session::manager::{FoundSession, HeldLease, LoadedSession, Turn};
use crate::session::{Grant, Session};

/// Between two attempts to store what Logto answered. It exists nowhere else, so there is an
/// attempt as long as the process lives, with at most one answer waiting for each session. The
/// pause is short: when the store is back, the first reader must not find the refresh token that
/// Logto has replaced. Of many answers together it is longer.
const STORE_PAUSE: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));
/// How soon after a request whose answer was lost the same refresh token may be sent again: Logto
/// takes one that it has replaced for three seconds more, and then ends everything that was issued
/// for the sign-in.
const SECOND_ATTEMPT: Duration = Duration::from_secs(2);

/// What is to be refreshed.
pub(super) struct RefreshRequest {
    pub(super) loaded: LoadedSession,
    pub(super) target: Target,
    /// The token that is not good enough.
    pub(super) known: Option<String>,
}

impl RefreshRequest {
    /// Whether another request has fulfilled it.
    fn is_fulfilled_by(&self, session: &Session, now: u64) -> bool {
        session
            .grant
            .token_for(&self.target)
            .is_some_and(|token| token.is_usable(now) && Some(&token.token) != self.known.as_ref())
    }
}

impl Engine {
    /// Waits for the lease, or for the result of the instance that has it.
    pub(super) async fn refresh_once(
        &self,
        wanted: &RefreshRequest,
    ) -> Result<LoadedSession, Error> {
        // What can fail without Logto's token endpoint fails before other requests have to wait.
        self.provider.metadata().await?;
        let is_done =
            |session: &Session| wanted.is_fulfilled_by(session, self.settings.clock.now());
        loop {
            match self.sessions.lease_or_outcome(&wanted.loaded, is_done).await? {
                Turn::Done(latest) => return Ok(latest),
                Turn::Lease(lease) => {
                    let lease = HeldLease::new(lease);
                    let exchange = self.redeem_under(wanted, &lease);
                    if let Some(latest) = self.sessions.leases.holding(&lease, exchange).await? {
                        return Ok(latest);
                    }
                }
            }
        }
    }

    /// `None` if this process stood still, and another instance may have had the lease: nothing was
    /// sent.
    async fn redeem_under(
        &self,
        wanted: &RefreshRequest,
        lease: &HeldLease,
    ) -> Result<Option<LoadedSession>, Error> {
        let mut found = self.sessions.find(&wanted.loaded).await?;
        let mut is_second = false;
        let mut dispatch = Dispatch::while_valid(lease.validity());
        loop {
            let latest = found.loaded.clone();
            if wanted.is_fulfilled_by(&latest.session, self.settings.clock.now()) {
                return Ok(Some(latest));
            }
            match self.redeem_refresh_token(&latest, &wanted.target, &dispatch).await {
                Ok(refreshed) => {
                    let stored =
                        self.store_refreshed(&wanted.loaded, found, refreshed, lease).await;
                    return stored.map(Some);
                }
                Err(_)
                    if dispatch.sent_at().is_none() && !is_second && !lease.validity().holds() =>
                {
                    return Ok(None);
                }
                Err(error) if error.needs_sign_in() => {
                    let newer = self.sessions.find(&latest).await?;
                    if newer.loaded.session.refresh_token() == latest.session.refresh_token() {
                        self.sessions.end(&(&latest).into()).await?;
                        tracing::info!(%error, "Logto ended a session");
                        return Err(error);
                    }
                    // Another instance rotated the refresh token meanwhile.
                    found = newer;
                    dispatch = Dispatch::while_valid(lease.validity());
                }
                Err(error)
                    if !is_second
                        && is_answer_lost(&error)
                        && let Some(sent) = dispatch.sent_at()
                        && sent.elapsed() < SECOND_ATTEMPT =>
                {
                    if let Some(suppressed) = self.refreshes.lost_responses.admit() {
                        tracing::warn!(
                            %error,
                            suppressed,
                            "lost the response to a token refresh; retrying once"
                        );
                    }
                    is_second = true;
                    dispatch = Dispatch::before(sent + SECOND_ATTEMPT);
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

    /// Logto spends a refresh token that is to be replaced before it looks at what is asked for,
    /// and does not return the new one if it then refuses. For three seconds it takes the old
    /// one again.
    async fn rescue(&self, wanted: &RefreshRequest, found: FoundSession, lease: &HeldLease) {
        let plain = Target::default();
        if wanted.target == plain {
            return;
        }
        let refreshed =
            self.redeem_refresh_token(&found.loaded, &plain, &Dispatch::default()).await;
        let rescued = match refreshed {
            Ok(refreshed) => self.store_refreshed(&wanted.loaded, found, refreshed, lease).await,
            Err(error) => Err(error),
        };
        if let Err(error) = rescued {
            limited!(
                warn,
                %error,
                "failed to recover the rotated refresh token after Logto refused a refresh"
            );
        }
    }

    /// Stores what came of redeeming the refresh token of `found`, and only then hands it out.
    async fn store_refreshed(
        &self,
        before: &LoadedSession,
        found: FoundSession,
        refreshed: RefreshedTokens,
        lease: &HeldLease,
    ) -> Result<LoadedSession, Error> {
        let from = found.loaded.clone();
        let change = |session: &mut Session| {
            self.apply_refresh(session, &from, &refreshed);
            true
        };
        let mut waiting = None;
        let mut found = Some(found);
        let stored = loop {
            let now = self.settings.clock.now();
            let stored = self.sessions.update_under(lease, before, found.take(), now, change);
            match stored.await {
                Err(error) if error.is_retryable() => {
                    waiting.get_or_insert_with(|| self.refreshes.note_unstored());
                    if let Some(suppressed) = self.refreshes.store_failures.admit() {
                        tracing::warn!(
                            %error,
                            suppressed,
                            "failed to store refreshed tokens; retrying"
                        );
                    }
                    tokio::time::sleep(store_pause(self.refreshes.unstored())).await;
                }
                outcome => break outcome,
            }
        };
        drop(waiting);
        match stored {
            Ok(loaded) => refreshed.accepted.map(|_| loaded),
            Err(error) => {
                if error.needs_sign_in()
                    && let Some(token) = refreshed
                        .refresh_token
                        .or_else(|| before.session.refresh_token().map(str::to_owned))
                    && let Err(error) = self.revoke(&token).await
                {
                    limited!(
                        warn,
                        %error,
                        "failed to revoke the refresh token of an ended session"
                    );
                }
                Err(error)
            }
        }
    }

    /// Writes the refreshed tokens and claims into `session`, which may have changed since `from`,
    /// whose refresh token was redeemed.
    fn apply_refresh(
        &self,
        session: &mut Session,
        from: &LoadedSession,
        refreshed: &RefreshedTokens,
    ) {
        let now = self.settings.clock.now();
        self.sessions.note_refresh(session, now);
        let mut tokens = session.grant.tokens().clone();
        // Unless another instance, which redeemed the same token or ours, stored a newer one.
        let is_newest = session.revision <= from.session.revision
            || session.refresh_token() == from.session.refresh_token();
        if let Some(refresh_token) = &refreshed.refresh_token
            && is_newest
        {
            tokens.refresh = Some(refresh_token.clone());
        }
        let mut newer_claims = None;
        if let Ok(accepted) = &refreshed.accepted {
            tokens.keep(accepted.token.clone(), now);
            newer_claims = accepted.claims.clone();
        }
        let claims = Arc::clone(session.grant.claims());
        session.grant = Grant::new(claims, tokens.clone());
        if let Some(claims) = newer_claims {
            let old = std::mem::replace(&mut session.grant, Grant::new(claims, tokens));
            if !self.sessions.has_room(session) {
                limited!(
                    warn,
                    "the refreshed claims exceed the session size limit; keeping the previous claims"
                );
                session.grant = old;
            }
        }
    }
}

fn store_pause(waiting: usize) -> Duration {
    let (each, most) = STORE_PAUSE;
    each.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX)).clamp(each, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_answers_wait_for_the_store_the_longer_are_the_pauses() {
        let pauses = [0, 1, 4, 1000, usize::MAX].map(|waiting| store_pause(waiting).as_millis());
        assert_eq!(pauses, [25, 25, 100, 500, 500]);
    }
}
