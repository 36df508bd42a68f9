//! An access token that can be used: the one of the session, or a refreshed one.
//!
//! In this process those who want the same token share one flight. A flight is a task of its own: a
//! browser that goes away does not cut it between Logto's answer and ours.

use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, info_span};

use super::engine::{Engine, RefreshOutcome};
use super::leased_refresh::RefreshRequest;
use crate::config::scope;
use crate::error::{Error, ErrorKind};
use crate::metrics;
use crate::oidc::TokenRequest;
use crate::session::manager::LoadedSession;
use crate::single_flight::Flight;

/// How long a request waits for a renewal of a token that is still good.
const EARLY_PATIENCE: Duration = Duration::from_secs(2);
/// A sign-in younger than this, in seconds, is not repeated: it would bring the same tokens, and
/// the user would be redirected for ever.
const JUST_NOW: u64 = 60;
/// Seconds without early renewals after one met an outage.
const PAUSE: u64 = 5;

impl Engine {
    /// The session with a usable token for the request: as it is, or refreshed.
    pub(crate) async fn with_usable_token(
        self: &Arc<Self>,
        loaded: &LoadedSession,
        request: &TokenRequest,
    ) -> Result<LoadedSession, Error> {
        let now = self.settings.clock.now();
        let token = loaded.session.grant.token_for(&request.target);
        let usable = token.filter(|token| token.is_usable(now) && !request.must_refresh);
        if usable.is_some_and(|token| !token.needs_refresh(now)) {
            return Ok(loaded.clone());
        }
        if loaded.session.refresh_token().is_none() {
            let age = now.saturating_sub(loaded.session.started_at);
            let (kind, why) = match usable {
                Some(_) => return Ok(loaded.clone()),
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
            loaded: loaded.clone(),
            target: request.target.clone(),
            known: token.map(|token| token.token.clone()),
        };
        if usable.is_none() {
            let limits = &self.settings.limits;
            let patience = limits.connect_timeout + limits.request_timeout;
            return finished(self.join_refresh(wanted).0, patience).await;
        }
        if self.refreshes.are_paused(now) {
            return Ok(loaded.clone());
        }
        let (flight, is_first) = self.join_refresh(wanted);
        if !is_first || loaded.is_stored() {
            // The store will have the new token for the next request.
            return Ok(loaded.clone());
        }
        // A session in a cookie is refreshed for good when its browser has the new one.
        match finished(flight, EARLY_PATIENCE).await {
            Err(error) if !error.needs_sign_in() => Ok(loaded.clone()),
            outcome => outcome,
        }
    }

    /// Whether Logto can be asked for this at all: what was not asked for at sign-in is never
    /// given.
    pub(crate) fn check_token_request(&self, request: &TokenRequest) -> Result<(), Error> {
        let settings = &self.settings;
        let target = &request.target;
        target.check()?;
        if let Some(resource) = &target.resource
            && !settings.resources.contains(resource)
        {
            return Err(Error::new(
                ErrorKind::NotConfigured,
                format!(
                    "{resource:?} is not among the configured resources: with_resources(…) or \
                     LOGTO_RESOURCES has to name it"
                ),
            ));
        }
        let organizations = settings.scopes.iter().any(|s| s == scope::ORGANIZATIONS);
        if target.organization.is_some() && !organizations {
            return Err(Error::new(
                ErrorKind::NotConfigured,
                "tokens for organizations need the scope urn:logto:scope:organizations",
            ));
        }
        Ok(())
    }

    /// The refresh under way for the same session and target, and whether it begins now.
    fn join_refresh(self: &Arc<Self>, wanted: RefreshRequest) -> (Flight<RefreshOutcome>, bool) {
        let key = (wanted.loaded.session.id, wanted.target.clone());
        let engine = Arc::clone(self);
        let refresh = async move {
            let outcome = engine.refresh_once(&wanted).await;
            metrics::refresh(
                outcome.as_ref().err().map_or("refreshed", |error| error.kind().label()),
            );
            if let Err(error) = &outcome {
                // The request may be gone.
                engine.faults.report("refresh", error);
            }
            if outcome.as_ref().is_err_and(Error::is_retryable) {
                engine.refreshes.pause(engine.settings.clock.now().saturating_add(PAUSE));
            }
            outcome
        };
        self.refreshes.in_flight.join(&self.tasks, key, refresh.instrument(info_span!("refresh")))
    }
}

async fn finished(flight: Flight<RefreshOutcome>, patience: Duration) -> RefreshOutcome {
    let late = || Error::new(ErrorKind::Unreachable, "the refresh takes too long");
    let stopped = || Error::new(ErrorKind::Unreachable, "the refresh was stopped");
    let outcome = tokio::time::timeout(patience, flight.outcome()).await.map_err(|_| late())?;
    outcome.unwrap_or_else(|| Err(stopped()))
}
