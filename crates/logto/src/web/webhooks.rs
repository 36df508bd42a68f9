//! The webhook endpoint.

use super::{Context, Reply};
use crate::error::Error;
use crate::flow::WebhookRefusal;

/// The header with Logto's signature.
pub(super) const SIGNATURE: &str = "logto-signature-sha-256";

impl Context {
    /// Takes a delivery up. The answer is 200 before anything is done about it.
    pub(super) async fn handle_webhook(&self) -> Reply {
        if self.logto().settings.webhook_keys.is_empty() {
            return Reply::json(404, "not_found", "This site takes no webhooks.");
        }
        let context = self.clone();
        // What was begun is finished if Logto does not wait.
        let taken_up = self.logto().tasks.run(async move {
            let signature = context.request().header(SIGNATURE).unwrap_or_default();
            context.logto().take_up_webhook(context.request().body(), signature).await
        });
        let refusal = match taken_up.await {
            Ok(Ok(())) => return Reply::new(200),
            Ok(Err(refusal)) => refusal,
            Err(stopped) => return Error::from(stopped).into(),
        };
        let error = refusal.error();
        if matches!(refusal, WebhookRefusal::Busy(_) | WebhookRefusal::Failed(_)) {
            self.logto().faults.report("webhook", error);
            return Reply::from_error(error);
        }
        let logto = self.logto();
        match refusal {
            WebhookRefusal::NotRead(_) => {
                if let Some(suppressed) = logto.unread_webhooks.admit() {
                    tracing::error!(%error, suppressed, "a webhook was not read");
                }
            }
            _ => {
                let limit = match refusal {
                    WebhookRefusal::NotSigned(_) => &logto.unsigned_webhooks,
                    _ => &logto.refused_webhooks,
                };
                if let Some(suppressed) = limit.admit() {
                    tracing::warn!(%error, suppressed, "a webhook was refused");
                }
            }
        }
        let status = match refusal {
            WebhookRefusal::NotSigned(_) | WebhookRefusal::NotRead(_) => 401,
            WebhookRefusal::Repeated(_) => 409,
            _ => 400,
        };
        // The reason is for our log.
        Reply::json(status, "invalid_request", "The webhook is not accepted.")
    }
}
