//! Settings about webhooks.

use std::error::Error as StdError;

use super::LogtoConfig;
use crate::webhooks::{Delivery, WebhookHandler};

impl LogtoConfig {
    /// Takes [webhooks](crate::webhooks) at `POST /webhooks/logto`, signed with this key, which
    /// Logto's console shows. Call it again to take a second key as well: when Logto makes a
    /// new key, it uses it at once, so a key is changed by adding the new one here first. Since
    /// only Logto makes keys, that takes a second hook; or a moment in which deliveries are
    /// lost.
    #[must_use]
    pub fn with_webhook_signing_key(mut self, key: impl Into<String>) -> Self {
        self.webhook_keys.push(key.into().into());
        self
    }

    /// What the app does with each delivery. It runs in a task of its own, when Logto has its
    /// answer already: Logto waits for ten seconds and sends nothing again. What it returns as
    /// an error is logged.
    #[must_use]
    pub fn with_webhook_handler<F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Delivery) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + Send + 'static,
    {
        self.webhook_handler = Some(WebhookHandler::new(handler));
        self
    }

    /// Also signs a person out everywhere who sets a new password on Logto's pages: Logto itself
    /// leaves the sessions and tokens from before as they are.
    #[must_use]
    pub fn with_sign_out_on_password_reset(mut self) -> Self {
        self.sign_out_on_password_reset = true;
        self
    }
}
