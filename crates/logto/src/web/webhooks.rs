//! The webhook endpoint.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, Reply};
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::flow::Engine;
use crate::webhooks::{Delivery, Event, is_signed};

/// Seconds that a delivery may take. Logto gives up after ten.
const MAX_AGE: u64 = 5 * 60;
/// Between two attempts while the store does not answer: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

impl Context {
    /// Takes a delivery up. The answer is 200 before anything is done about it: Logto sends each once
    /// and never again, whatever it is answered.
    pub(super) async fn handle_webhook(&self) -> Reply {
        if self.logto().settings.webhook_keys.is_empty() {
            return Reply::json(404, "not_found", "This site takes no webhooks.");
        }
        let context = self.clone();
        // What was begun is finished if Logto does not wait.
        match self.logto().tasks.run(async move { context.take_up().await }).await {
            Ok(()) => Reply::new(200),
            Err((status, error)) => {
                if let Some(suppressed) = self.logto().refused_webhooks.admit() {
                    tracing::warn!(%error, suppressed, "a webhook was refused");
                }
                // The reason is for our log.
                Reply::json(status, "invalid_request", "The webhook is not accepted.")
            }
        }
    }

    async fn take_up(&self) -> Result<(), (u16, Error)> {
        let wrong = |why: &'static str| Error::new(ErrorKind::InvalidRequest, why);
        let logto = self.logto();
        let settings = &logto.settings;
        let body = self.request().body();
        let signature = self.request().header("logto-signature-sha-256").unwrap_or_default();
        if !is_signed(&settings.webhook_keys, body, signature) {
            return Err((401, wrong("no signing key fits the webhook's signature")));
        }
        let delivery = Delivery::parse(body).map_err(|error| (400, error))?;
        let (now, tolerance) = (self.now(), settings.clock_tolerance);
        let sent_at = delivery.created_at() / 1000;
        let earliest = now.saturating_sub(MAX_AGE.saturating_add(tolerance));
        if !(earliest..=now.saturating_add(tolerance)).contains(&sent_at) {
            let why = "the webhook is too old, or the clocks of this server and Logto differ";
            return Err((400, wrong(why)));
        }
        // Logto's deliveries have no id. Two are never equal: each has its time.
        let hash = encoding::sha256(&[body]);
        let owner = encoding::random::<16>().map_err(|error| (500, error))?;
        let kept = MAX_AGE.saturating_add(tolerance.saturating_mul(2)).saturating_add(1);
        let claim = Claim { hash, owner, kept };
        let claimed = match claim.make(logto).await {
            Ok(true) => true,
            Ok(false) => return Err((409, wrong("the webhook was delivered before"))),
            Err(error) if error.is_retryable() => {
                tracing::error!(%error, "a webhook waits until the store answers");
                false
            }
            Err(error) => return Err((500, error)),
        };
        let engine = Arc::clone(logto);
        drop(logto.tasks.spawn(async move {
            if claimed || claim.make_at_last(&engine).await {
                engine.carry_out(&delivery).await;
            }
        }));
        Ok(())
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
    async fn make(&self, logto: &Engine) -> Result<bool, Error> {
        logto.sessions.claim_webhook(&self.hash, &self.owner, self.kept).await
    }

    async fn make_at_last(&self, logto: &Engine) -> bool {
        let mut pause = Pause::default();
        loop {
            pause.wait().await;
            match self.make(logto).await {
                Ok(claimed) => return claimed,
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    tracing::error!(%error, "a webhook is lost");
                    return false;
                }
            }
        }
    }
}

/// Between two attempts while the store does not answer.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(PAUSE.0)
    }
}

impl Pause {
    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE.1);
    }
}

impl Engine {
    /// What the SDK does by itself, and what the app does.
    async fn carry_out(self: &Arc<Self>, delivery: &Delivery) {
        if let Some(handler) = self.settings.webhook_handler.clone() {
            let delivery = delivery.clone();
            // A task of its own: it neither waits for the store nor takes the ends with it if it panics.
            drop(self.tasks.spawn(async move {
                let name = delivery.name().to_owned();
                if let Err(error) = handler.call(delivery).await {
                    tracing::error!(%error, event = name, "the webhook handler failed");
                }
            }));
        }
        self.end_by_webhook(delivery).await;
    }

    /// Tries until the store answers, as long as the process lives.
    async fn end_by_webhook(self: &Arc<Self>, delivery: &Delivery) {
        let Some(sub) = self.loses_sessions(delivery) else {
            return;
        };
        let mut pause = Pause::default();
        loop {
            match self.end_person(sub, delivery.created_at()).await {
                Ok(()) => {
                    tracing::info!(event = delivery.name(), "sessions ended by a webhook");
                    return;
                }
                Err(error) if error.is_retryable() => pause.wait().await,
                Err(error) => {
                    tracing::error!(%error, "failed to end the sessions that a webhook is about");
                    return;
                }
            }
        }
    }

    /// The person whose sessions a delivery ends.
    fn loses_sessions<'a>(&self, delivery: &'a Delivery) -> Option<&'a str> {
        match delivery.event() {
            Event::UserDeleted(change) => Some(&change.user_id),
            Event::UserSuspensionStatusUpdated(change) => {
                let is_suspended = change.user.as_ref().and_then(|user| user.is_suspended);
                // Where Logto does not say so, the person has to sign in again, which tells.
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
