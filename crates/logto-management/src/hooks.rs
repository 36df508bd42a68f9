//! Webhooks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::millis;
use crate::{Error, Management, Pages};

/// The calls about webhooks; see [`Management::hooks`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn missed(management: &Management, hook_id: &str) -> Result<usize, Error> {
///     let deliveries = management.hooks().deliveries(hook_id).all().await?;
///     Ok(deliveries.iter().filter(|delivery| !delivery.is_success()).count())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Hooks<'a>(&'a Management);

/// A webhook.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Hook, Management};
///
/// /// The webhooks that are not told when a user is deleted.
/// async fn incomplete(management: &Management) -> Result<Vec<Hook>, Error> {
///     let mut hooks = management.hooks().list().all().await?;
///     hooks.retain(|hook| !hook.events.iter().any(|event| event == "User.Deleted"));
///     Ok(hooks)
/// }
/// ```
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Hook {
    /// Its id.
    pub id: String,
    /// Its name in the console.
    #[serde(default)]
    pub name: String,
    /// The events that it is told, for example `User.Deleted`.
    #[serde(default)]
    pub events: Vec<String>,
    /// Where they go.
    pub config: HookConfig,
    /// What the deliveries are signed with.
    pub signing_key: SecretString,
    /// Whether it is told anything.
    pub enabled: bool,
}

/// Where deliveries go. Logto replaces it as a whole: what is sent has to contain what was there.
///
/// # Example
///
/// ```
/// use logto_management::{Error, HookChanges, Management};
///
/// /// Moves a webhook to another address; its headers stay.
/// async fn move_to(management: &Management, hook_id: &str, url: &str) -> Result<(), Error> {
///     let hooks = management.hooks().list().all().await?;
///     let Some(hook) = hooks.into_iter().find(|hook| hook.id == hook_id) else { return Ok(()) };
///     let mut config = hook.config;
///     config.url = url.to_owned();
///     let mut changes = HookChanges::default();
///     changes.config = Some(config);
///     management.hooks().update(hook_id, &changes).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookConfig {
    /// The receiver.
    pub url: String,
    /// Further headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Members that this version of the crate does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A webhook that has yet to be created. Logto makes its id and its key.
///
/// # Example
///
/// ```
/// use logto_management::NewHook;
/// use secrecy::ExposeSecret;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let events = ["User.Deleted", "User.SuspensionStatus.Updated"];
/// let new = NewHook::new("My app", "http://localhost:3000/webhooks/logto", events);
/// let hook = management.hooks().create(&new).await?;
/// // For `logto::LogtoConfig::with_webhook_signing_key`.
/// println!("LOGTO_WEBHOOK_SIGNING_KEY={}", hook.signing_key.expose_secret());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NewHook {
    /// Its name in the console.
    pub name: String,
    /// The events that it is told.
    pub events: Vec<String>,
    /// Where they go.
    pub config: HookConfig,
}

/// What changes about a webhook; what is `None` stays.
///
/// # Example
///
/// ```
/// use logto_management::{HookChanges, NewHook};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let hooks = management.hooks();
/// let new = NewHook::new("My app", "http://localhost:3000/webhooks/logto", ["User.Deleted"]);
/// let hook = hooks.create(&new).await?;
/// // The list is replaced as a whole.
/// let mut changes = HookChanges::default();
/// changes.events = Some([hook.events, vec!["User.SuspensionStatus.Updated".to_owned()]].concat());
/// assert_eq!(hooks.update(&hook.id, &changes).await?.events.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct HookChanges {
    /// The events that it is told, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// Where they go, all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<HookConfig>,
    /// Whether it is told anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl NewHook {
    /// A webhook with this name that tells `url` of these events.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::NewHook;
    ///
    /// let hook = NewHook::new("My app", "https://app.example.com/webhooks/logto", ["User.Deleted"]);
    /// ```
    #[must_use]
    pub fn new<S: Into<String>>(
        name: impl Into<String>,
        url: impl Into<String>,
        events: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            events: events.into_iter().map(Into::into).collect(),
            config: HookConfig { url: url.into(), ..HookConfig::default() },
        }
    }
}

impl Management {
    /// The calls about webhooks. See [`Hooks`] for an example.
    #[must_use]
    pub fn hooks(&self) -> Hooks<'_> {
        Hooks(self)
    }
}

impl Hooks<'_> {
    /// All webhooks.
    pub fn list(&self) -> Pages<Hook> {
        self.0.get(&["hooks"]).pages()
    }

    /// What became of the deliveries of the last 24 hours, the newest first. Tests are not among
    /// them, nor what was lost because Logto stopped.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// When something was lost last, of what Logto remembers: a day.
    /// async fn last_loss(
    ///     management: &Management,
    ///     hook_id: &str,
    /// ) -> Result<Option<std::time::SystemTime>, Error> {
    ///     let mut deliveries = management.hooks().deliveries(hook_id);
    ///     while let Some(delivery) = deliveries.try_next().await? {
    ///         if !delivery.is_success() {
    ///             return Ok(Some(delivery.created_at));
    ///         }
    ///     }
    ///     Ok(None)
    /// }
    /// ```
    pub fn deliveries(&self, id: &str) -> Pages<HookDelivery> {
        self.0.get(&["hooks", id, "recent-logs"]).pages()
    }

    /// Creates a webhook.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn create(&self, new: &NewHook) -> Result<Hook, Error> {
        self.0.post(&["hooks"]).json(new).send().await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, HookChanges, Management};
    ///
    /// /// For the time of a maintenance. What happens meanwhile is not told later.
    /// async fn switch_off(management: &Management, hook_id: &str) -> Result<(), Error> {
    ///     let mut changes = HookChanges::default();
    ///     changes.enabled = Some(false);
    ///     management.hooks().update(hook_id, &changes).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn update(&self, id: &str, changes: &HookChanges) -> Result<Hook, Error> {
        self.0.patch(&["hooks", id]).json(changes).send().await
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Deletes the webhooks of an address that is not used any more.
    /// async fn delete(management: &Management, url: &str) -> Result<(), Error> {
    ///     for hook in management.hooks().list().all().await? {
    ///         if hook.config.url == url {
    ///             management.hooks().delete(&hook.id).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["hooks", id]).done().await
    }
}

/// A delivery that Logto made, once.
///
/// # Example
///
/// ```
/// use logto_management::HookDelivery;
///
/// /// A line for a list of what the app missed.
/// fn line(delivery: &HookDelivery) -> Option<String> {
///     if delivery.is_success() {
///         return None;
///     }
///     let status = delivery.payload.response.as_ref().map(|response| response.status_code);
///     Some(format!("{:?}: {:?}, status {status:?}", delivery.created_at, delivery.event()))
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookDelivery {
    /// What it was, and what became of it.
    pub payload: HookDeliveryPayload,
    /// When it was made.
    #[serde(with = "millis")]
    pub created_at: SystemTime,
}

/// The content of a [`HookDelivery`].
///
/// # Example
///
/// ```
/// use logto_management::HookDelivery;
///
/// /// Whether the app could not be reached at all.
/// fn was_unreachable(delivery: &HookDelivery) -> bool {
///     delivery.payload.result == "Error" && delivery.payload.response.is_none()
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookDeliveryPayload {
    /// `Success` or `Error`.
    pub result: String,
    /// What the receiver answered; `None` if there was no answer.
    pub response: Option<HookResponse>,
    /// What was sent.
    pub hook_request: Option<HookRequest>,
}

/// What was sent in a delivery.
///
/// # Example
///
/// ```
/// use logto_management::HookDelivery;
/// use serde_json::Value;
///
/// /// Whom a missed delivery was about.
/// fn user_id(delivery: &HookDelivery) -> Option<&str> {
///     let body = &delivery.payload.hook_request.as_ref()?.body;
///     body.get("params")?.get("userId").and_then(Value::as_str)
/// }
/// ```
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct HookRequest {
    /// The event with its data.
    pub body: Map<String, Value>,
}

/// What the receiver of a delivery answered.
///
/// # Example
///
/// ```
/// use logto_management::HookDelivery;
///
/// /// Whether the app refused the signature: it may have an old signing key.
/// fn was_refused(delivery: &HookDelivery) -> bool {
///     delivery.payload.response.as_ref().is_some_and(|response| response.status_code == 401)
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookResponse {
    /// The status.
    pub status_code: u16,
}

impl HookDelivery {
    /// Whether the receiver took it. Logto never sends a delivery again, also not one that failed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.payload.result == "Success"
    }

    /// The name of the event.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.payload.hook_request.as_ref()?.body.get("event")?.as_str()
    }
}

/// Without the data, which is about users.
impl fmt::Debug for HookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookRequest")
            .field("event", &self.body.get("event"))
            .finish_non_exhaustive()
    }
}

/// Without key and headers, which may hold secrets.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.id)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
