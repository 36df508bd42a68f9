//! `Delivery`: one event, when it happened, and for which hook.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;

use super::Event;
use super::body::Body;
use super::time;
use crate::error::{Error, ErrorKind};

/// A delivery of Logto, whose signature was verified.
///
/// # Example
///
/// ```
/// use logto::webhooks::{Delivery, Event};
///
/// async fn handle(delivery: Delivery) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     println!("{} at {:?}", delivery.name(), delivery.created_at());
///     if let Event::UserDeleted(change) = delivery.event() {
///         println!("delete the rows of {}", change.user_id);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, PartialEq)]
pub struct Delivery {
    name: String,
    event: Event,
    created_at: SystemTime,
    hook_id: String,
    raw: Box<str>,
}

impl Delivery {
    /// Reads a body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        let wrong = |why: &'static str| Error::new(ErrorKind::InvalidRequest, why);
        let raw = str::from_utf8(body).map_err(|_| wrong("the webhook's body is not UTF-8"))?;
        let body = Body::parse(raw)
            .map_err(|error| Error::malformed(ErrorKind::InvalidRequest, "the webhook", &error))?;
        let body = &body;
        let name = body.text("event").ok_or_else(|| wrong("the webhook names no event"))?;
        let created_at = body.text("createdAt").and_then(|time| time::parse(&time));
        let created_at = created_at.ok_or_else(|| wrong("the webhook has no time"))?;
        let event = if is_test(&name, body) { Event::Test } else { Event::read(&name, body) };
        let hook_id = body.text("hookId").unwrap_or_default();
        Ok(Self { name, event, created_at, hook_id, raw: raw.into() })
    }

    /// The name of the event, for example `User.Deleted`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::webhooks::{Delivery, Event};
    ///
    /// /// Tells you of events that only a newer version of the SDK knows.
    /// fn note(delivery: &Delivery) {
    ///     if *delivery.event() == Event::Unknown {
    ///         println!("Logto sent the unknown event {}", delivery.name());
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// When Logto made the delivery, to the millisecond by Logto's clock. Deliveries overtake each
    /// other: of two about the same thing the later one counts.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use logto::webhooks::Delivery;
    ///
    /// /// Whether the row, which has the time of the last delivery, is to change.
    /// fn is_news(delivery: &Delivery, last: Option<SystemTime>) -> bool {
    ///     last.is_none_or(|last| last < delivery.created_at())
    /// }
    /// ```
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.created_at
    }

    /// The same in seconds since the Unix epoch.
    pub(crate) fn created_at_seconds(&self) -> u64 {
        let since = self.created_at.duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }

    /// The id of the hook in Logto.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::webhooks::Delivery;
    ///
    /// /// Of two hooks that tell the same while their keys are changed, one counts.
    /// fn counts(delivery: &Delivery, retired_hook: &str) -> bool {
    ///     delivery.hook_id() != retired_hook
    /// }
    /// ```
    #[must_use]
    pub fn hook_id(&self) -> &str {
        &self.hook_id
    }

    /// The body as a type of your own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if it does not fit the type, or is nested more than 127 deep
    /// where the type reads it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::webhooks::Delivery;
    ///
    /// fn body(delivery: &Delivery) -> Result<serde_json::Value, logto::Error> {
    ///     delivery.json()
    /// }
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.raw)
            .map_err(|error| Error::malformed(ErrorKind::InvalidRequest, "the webhook", &error))
    }
}

/// Name and hook: the rest is about users.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("name", &self.name)
            .field("hook_id", &self.hook_id)
            .finish_non_exhaustive()
    }
}

/// By what only Logto can write into a delivery: paths of the Management API, and ids.
fn is_test(name: &str, body: &Body<'_>) -> bool {
    if name.starts_with("Post") {
        return body.text("interactionEvent").is_none()
            && body.text("userId").as_deref() == Some("fake-id");
    }
    body.text("path").as_deref() == Some("/fake-path/:id")
}
