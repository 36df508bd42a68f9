//! What the app does when a user signs in, and when something changes in Logto. The same in all
//! four examples.

use std::env;

use crate::logto::webhooks::Delivery;
use crate::logto::{LogtoConfig, PendingSignIn, SignInDecision};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Logto calls the second one, if it is set up to. Sessions of suspended and deleted users end
/// without it.
pub(crate) fn with_hooks(config: LogtoConfig) -> LogtoConfig {
    let config = config.with_sign_in_hook(admit);
    // A handler that no call can reach is an error.
    match env::var("LOGTO_WEBHOOK_SIGNING_KEY") {
        Ok(key) if !key.trim().is_empty() => config.with_webhook_handler(note),
        _ => config,
    }
}

/// An app with a database writes its row of the user here, and may refuse the sign-in or send new
/// users elsewhere.
async fn admit(sign_in: PendingSignIn) -> Result<SignInDecision, Error> {
    tracing::info!(user = sign_in.sub(), "user signs in");
    Ok(SignInDecision::admit())
}

/// An app with a database changes or deletes its row of the user here.
async fn note(delivery: Delivery) -> Result<(), Error> {
    tracing::info!(event = delivery.name(), "Logto reports a change");
    Ok(())
}
