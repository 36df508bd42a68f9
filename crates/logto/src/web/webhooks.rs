//! The webhook endpoint.

use super::{Context, Reply};
use crate::error::Error;
use crate::flow::WebhookRefusal;

/// The header with Logto's signature.
pub(super) const SIGNATURE: &str = "logto-signature-sha-256";

impl Context {
    /// Takes a delivery up. The answer is 200 before anything is done about it.
    pub(super) async fn handle_webhook(&self) -> Reply {
        if self.engine().settings.webhook_keys.is_empty() {
            return Reply::json(404, "not_found", "This site takes no webhooks.");
        }
        let context = self.clone();
        // What was begun is finished if Logto does not wait.
        let taken_up = self.engine().tasks.run(async move {
            let signature = context.request().header(SIGNATURE).unwrap_or_default();
            context.engine().take_up_webhook(context.request().body(), signature).await
        });
        let refusal = match taken_up.await {
            Ok(Ok(())) => return Reply::new(200),
            Ok(Err(refusal)) => refusal,
            Err(stopped) => return Error::from(stopped).into(),
        };
        let (engine, error) = (self.engine(), refusal.error());
        let (limit, status) = match refusal {
            WebhookRefusal::NotRead(_) => (&engine.unread_webhooks, 401),
            WebhookRefusal::NotSigned(_) => (&engine.unsigned_webhooks, 401),
            WebhookRefusal::Invalid(_) => (&engine.refused_webhooks, 400),
            WebhookRefusal::Repeated(_) => (&engine.refused_webhooks, 409),
            WebhookRefusal::Busy(_) | WebhookRefusal::Failed(_) => {
                engine.faults.report("webhook", error);
                return Reply::from_error(error);
            }
        };
        if let Some(suppressed) = limit.admit() {
            match refusal {
                WebhookRefusal::NotRead(_) => {
                    tracing::error!(%error, suppressed, "a webhook was not read");
                }
                _ => tracing::warn!(%error, suppressed, "a webhook was refused"),
            }
        }
        // The reason is for our log.
        Reply::json(status, "invalid_request", "The webhook is not accepted.")
    }
}
