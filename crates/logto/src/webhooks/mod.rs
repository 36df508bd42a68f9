//! Webhooks of Logto: what happened in the tenant, told as it happens.
//!
//! With a [signing key](crate::LogtoConfig::with_webhook_signing_key) the SDK takes deliveries at
//! `POST /webhooks/logto`: it checks signature and age, refuses repeated ones, and answers at once.
//! A deleted or suspended user is signed out everywhere; all deliveries go to the app's
//! [handler](crate::LogtoConfig::with_webhook_handler).
//!
//! Logto sends each of them once and never again. What is missed has to be found in the Management
//! API.
//!
//! # Example
//!
//! ```
//! use logto::LogtoConfig;
//! use logto::webhooks::{Delivery, Event};
//!
//! # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
//! let config = config
//!     .with_webhook_signing_key("the key that Logto's console shows")
//!     .with_webhook_handler(async |delivery: Delivery| {
//!         if let Event::UserDeleted(change) = delivery.event() {
//!             println!("{} is gone", change.user_id);
//!         }
//!         Ok(())
//!     });
//! ```

mod body;
mod delivery;
mod event;
mod handler;
mod payload;
mod signature;
#[cfg(test)]
mod tests;
mod time;

pub use delivery::Delivery;
pub use event::Event;
pub use payload::{
    Application, Change, GrantLimit, Interaction, Lockout, MembershipChange, Origin, RateLimit,
    UserChange, WebhookUser,
};

pub(crate) use handler::WebhookHandler;
pub(crate) use signature::is_signed;
