//! Settings about webhooks.

use std::error::Error as StdError;

use super::{LogtoConfig, trimmed};
use crate::webhooks::{Delivery, WebhookHandler};

impl LogtoConfig {
    /// Takes [webhooks](crate::webhooks) at `POST /webhooks/logto`, signed with this key, which
    /// Logto's console shows. Call it again to take a second key as well: when Logto makes a
    /// new key, it uses it at once, so a key is changed by adding the new one here first. Since
    /// only Logto makes keys, that takes a second hook; or a moment in which deliveries are
    /// lost.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // While a second hook takes the place of the first.
    /// let config = config
    ///     .with_webhook_signing_key("the key of the first hook")
    ///     .with_webhook_signing_key("the key of the second hook");
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_webhook_signing_key(mut self, key: impl Into<String>) -> Self {
        self.webhook_keys.push(trimmed(key).into());
        self
    }

    /// What the app does with each delivery. It runs in a task of its own, when Logto has its
    /// answer already: Logto waits for ten seconds and sends nothing again. What it returns as
    /// an error is logged.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::webhooks::Event;
    /// # use std::error::Error;
    /// # #[derive(Clone)]
    /// # struct Database;
    /// # impl Database {
    /// #     async fn delete_user(&self, _: &str) -> Result<(), Box<dyn Error + Send + Sync>> { Ok(()) }
    /// # }
    /// # fn example(config: logto::LogtoConfig, database: Database) -> logto::LogtoConfig {
    ///
    /// config
    ///     .with_webhook_signing_key("the key that Logto's console shows")
    ///     .with_webhook_handler(move |delivery| {
    ///         let database = database.clone();
    ///         async move {
    ///             if let Event::UserDeleted(change) = delivery.event() {
    ///                 database.delete_user(&change.user_id).await?;
    ///             }
    ///             Ok(())
    ///         }
    ///     })
    /// # }
    /// ```
    #[must_use]
    pub fn with_webhook_handler<F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Delivery) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + Send + 'static,
    {
        self.webhook_handler = Some(WebhookHandler::new(handler));
        self
    }

    /// Also signs a user out everywhere who sets a new password on Logto's pages: Logto itself
    /// leaves the sessions and tokens from before as they are.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // It is a webhook that tells.
    /// let config = config
    ///     .with_webhook_signing_key("the key that Logto's console shows")
    ///     .with_sign_out_on_password_reset();
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_sign_out_on_password_reset(mut self) -> Self {
        self.sign_out_on_password_reset = true;
        self
    }
}
