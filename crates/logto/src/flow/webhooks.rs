//! Deliveries of Logto's webhooks: each is checked, taken up once among all instances, and carried
//! out in a task of its own.

use std::sync::Arc;

use serde::Deserialize;

use super::backoff::Backoff;
use super::engine::{DeliveryPermit, Engine};
use crate::access_token::AccessToken;
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::oidc::Target;
use crate::session::manager::{Affected, LoadedSession};
use crate::webhooks::{Delivery, Event, is_signed};

/// Seconds that a delivery may take. Logto gives up after ten.
const MAX_AGE: u64 = 5 * 60;

/// Why a delivery is not taken up.
#[derive(Debug)]
pub(crate) enum WebhookRefusal {
    NotSigned(Error),
    /// It has a signature, and no body: that was too long, or too slow.
    NotRead(Error),
    Invalid(Error),
    Repeated(Error),
    /// Too many wait for the store.
    Busy(Error),
    Failed(Error),
}

impl WebhookRefusal {
    pub(crate) fn error(&self) -> &Error {
        match self {
            Self::NotSigned(error)
            | Self::NotRead(error)
            | Self::Invalid(error)
            | Self::Repeated(error)
            | Self::Busy(error)
            | Self::Failed(error) => error,
        }
    }
}

/// When a token was issued, by Logto's clock.
#[derive(Deserialize)]
struct Issued {
    iat: u64,
}

impl Engine {
    /// Takes a delivery up. It returns before anything is done about it: Logto sends each once and
    /// never again, whatever it is answered.
    pub(crate) async fn take_up_webhook(
        self: &Arc<Self>,
        body: &[u8],
        signature: &str,
    ) -> Result<(), WebhookRefusal> {
        let wrong = |why: &'static str| Error::new(ErrorKind::InvalidRequest, why);
        let settings = &self.settings;
        if !is_signed(&settings.webhook_keys, body, signature) {
            if body.is_empty() && !signature.is_empty() {
                let why = "the webhook's body is longer than 6 MiB, or was not there after 5 seconds: if \
                           it was Logto's, what it told is lost until the next refresh";
                return Err(WebhookRefusal::NotRead(wrong(why)));
            }
            let why = "no signing key fits the webhook's signature";
            return Err(WebhookRefusal::NotSigned(wrong(why)));
        }
        let Some(permit) = self.deliveries.admit(body) else {
            let why = "a webhook is lost: too many wait for the store";
            return Err(WebhookRefusal::Busy(Error::new(ErrorKind::StoreUnavailable, why)));
        };
        let delivery = Delivery::parse(body).map_err(WebhookRefusal::Invalid)?;
        let (now, tolerance) = (settings.clock.now(), settings.clock_tolerance);
        let sent_at = delivery.created_at_seconds();
        let earliest = now.saturating_sub(MAX_AGE.saturating_add(tolerance));
        if !(earliest..=now.saturating_add(tolerance)).contains(&sent_at) {
            let why = "the webhook is too old, or the clocks of this server and Logto differ";
            return Err(WebhookRefusal::Invalid(wrong(why)));
        }
        // Logto's deliveries have no id. Two are never equal: each has its time.
        let hash = encoding::sha256(&[body]);
        let owner = encoding::random::<16>().map_err(WebhookRefusal::Failed)?;
        let kept = MAX_AGE.saturating_add(tolerance.saturating_mul(2)).saturating_add(1);
        let claim = Claim { hash, owner, kept };
        let claimed = match claim.make(self).await {
            Ok(true) => true,
            Ok(false) => {
                return Err(WebhookRefusal::Repeated(wrong("the webhook was delivered before")));
            }
            Err(error) if error.is_retryable() => {
                // It goes on until the store is there.
                self.faults.report("webhook", &error);
                false
            }
            Err(error) => return Err(WebhookRefusal::Failed(error)),
        };
        let engine = Arc::clone(self);
        drop(self.tasks.spawn(async move {
            let permit = Arc::new(permit);
            if claimed || claim.make_at_last(&engine).await {
                engine.carry_out(&delivery, &permit).await;
            }
        }));
        Ok(())
    }

    /// What the SDK does by itself, and what the app does.
    async fn carry_out(self: &Arc<Self>, delivery: &Delivery, permit: &Arc<DeliveryPermit>) {
        if let Some(handler) = self.settings.webhook_handler.clone() {
            let (delivery, permit) = (delivery.clone(), Arc::clone(permit));
            // A task of its own: it neither waits for the store nor takes the ends with it if it
            // panics.
            drop(self.tasks.spawn(async move {
                let _permit = permit;
                let name = delivery.name().to_owned();
                if let Err(error) = handler.call(delivery).await {
                    tracing::error!(%error, event = name, "the webhook handler failed");
                }
            }));
        }
        let at = delivery.created_at_seconds();
        if let Some(sub) = self.loses_sessions(delivery) {
            until_done(delivery, "end sessions", || self.end_user(sub, at)).await;
        }
        for affected in stale_tokens(delivery.event()) {
            let sessions = &self.sessions;
            until_done(delivery, "mark access tokens as stale", || {
                sessions.markers.make_tokens_stale(affected, at)
            })
            .await;
        }
    }

    /// Whether the session's token for a target was issued before a change that concerns it. The
    /// opaque token permits nothing that could change.
    pub(crate) async fn has_stale_token(
        &self,
        loaded: &LoadedSession,
        target: &Target,
    ) -> Result<bool, Error> {
        if self.settings.webhook_keys.is_empty() {
            return Ok(false);
        }
        let token = loaded.session.grant.token_for(target).map(AccessToken::from);
        let Some(Ok(issued)) = token.map(|token| token.claims::<Issued>()) else {
            return Ok(false);
        };
        let organization = target.organization.as_deref();
        let until = self.sessions.markers.tokens_stale_until(loaded.sub(), organization).await?;
        Ok(until.is_some_and(|until| issued.iat <= until))
    }

    /// The user whose sessions a delivery ends.
    fn loses_sessions<'a>(&self, delivery: &'a Delivery) -> Option<&'a str> {
        match delivery.event() {
            Event::UserDeleted(change) => Some(&change.user_id),
            Event::UserSuspensionStatusUpdated(change) => {
                let is_suspended = change.user.as_ref().and_then(|user| user.is_suspended);
                // Where Logto does not say so, the user has to sign in again, which tells.
                (is_suspended != Some(false)).then_some(change.user_id.as_str())
            }
            Event::PostResetPassword(interaction) => {
                let asked = self.settings.sign_out_on_password_reset;
                asked.then_some(interaction.user_id.as_str())
            }
            _ => None,
        }
    }
}

/// Tries until the store answers, as long as the process lives.
async fn until_done<F: Future<Output = Result<(), Error>>>(
    delivery: &Delivery,
    work: &'static str,
    run: impl Fn() -> F,
) {
    let event = delivery.name();
    let mut pause = Backoff::default();
    loop {
        match run().await {
            Ok(()) => return tracing::info!(event, work, "webhook processed"),
            Err(error) if error.is_retryable() => pause.wait().await,
            Err(error) => {
                return tracing::error!(%error, event, work, "failed to process a webhook");
            }
        }
    }
}

/// Whose access tokens may permit something else after an event. Nothing is sent when a user is
/// given a role, or loses one.
fn stale_tokens(event: &Event) -> Vec<Affected<'_>> {
    match event {
        Event::OrganizationMembershipUpdated(change) => {
            let users = change.removed_user_ids.iter().chain(&change.added_user_ids);
            let mut affected: Vec<_> = users.map(|id| Affected::User(id)).collect();
            if affected.is_empty() {
                // Logto 1.37 does not say who it was.
                affected.push(Affected::Organization(&change.organization_id));
            }
            affected
        }
        Event::OrganizationDeleted(_)
        | Event::OrganizationRoleDeleted(_)
        | Event::OrganizationRoleScopesUpdated(_)
        | Event::OrganizationScopeDeleted(_)
        | Event::OrganizationScopeDataUpdated(_)
        | Event::RoleDeleted(_)
        | Event::RoleScopesUpdated(_)
        | Event::ScopeDeleted(_)
        | Event::ScopeDataUpdated(_) => vec![Affected::All],
        _ => Vec::new(),
    }
}

/// A claim on a delivery, so that only one instance works on it, once.
struct Claim {
    hash: [u8; 32],
    /// Tells a write of ours that was given up from one of another instance.
    owner: [u8; 16],
    /// In seconds.
    kept: u64,
}

impl Claim {
    async fn make(&self, engine: &Engine) -> Result<bool, Error> {
        engine.sessions.replay_guards.claim_webhook(&self.hash, &self.owner, self.kept).await
    }

    async fn make_at_last(&self, engine: &Engine) -> bool {
        let mut pause = Backoff::default();
        loop {
            pause.wait().await;
            match self.make(engine).await {
                Ok(claimed) => return claimed,
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    tracing::error!(%error, "webhook delivery dropped");
                    return false;
                }
            }
        }
    }
}
