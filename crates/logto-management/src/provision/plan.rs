//! A plan: the changes that a tenant needs.

use std::fmt;

use secrecy::SecretString;

use super::Change;
use crate::{Management, OidcClientMetadata};

/// The difference between what a tenant has and what is wanted.
///
/// # Example
///
/// ```
/// use logto_management::provision::HuggingFaceSetup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let setup = HuggingFaceSetup::new("http://localhost:4000").with_app_name("Another app");
/// let plan = setup.plan(&management).await?;
/// assert!(!plan.is_empty());
/// // The app will be created.
/// assert_eq!(plan.app_id(), None);
/// if plan.needs_hugging_face_credentials() {
///     println!("create an OAuth app with {:?}", plan.hugging_face_redirect_uris());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// What has to be done, in this order; empty if everything is as wanted.
    pub changes: Vec<Change>,
    /// What a user should know before.
    pub warnings: Vec<Warning>,
    pub(super) endpoint: String,
    /// What the application needs at least.
    pub(super) addresses: OidcClientMetadata,
    /// The adopted application.
    pub(super) app_id: Option<String>,
    /// Whether no other application of the tenant is known to sign users in.
    pub(super) is_only_app: bool,
    /// Its secret, unless it gets a new one.
    pub(super) app_secret: Option<SecretString>,
    pub(super) connector_id: String,
    pub(super) credentials_missing: bool,
    /// The address of the webhook, if there is to be one.
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_signing_key: Option<SecretString>,
}

/// What a user should know before a plan is carried out.
///
/// # Example
///
/// ```
/// use logto_management::provision::{Plan, Warning};
///
/// /// Whether a script may go on without asking.
/// fn is_harmless(plan: &Plan) -> bool {
///     let is_serious = |warning: &Warning| {
///         matches!(warning, Warning::AutomaticAccountLinking | Warning::ConnectorReplaced)
///     };
///     for warning in &plan.warnings {
///         println!("{warning}");
///     }
///     !plan.warnings.iter().any(is_serious)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The tenant links accounts of the same e-mail address without asking, and Logto does not look
    /// at whether Hugging Face verified the address.
    AutomaticAccountLinking,
    /// New users have to enter what the tenant requires, for example a user name.
    RequiredIdentifiers(Vec<String>),
    /// The tenant lets in no one without an account.
    RegistrationClosed,
    /// The application tells its sign-outs to another address, which stays.
    OtherBackchannelLogoutUri(String),
    /// Replacing the connector deletes it first: signing in with Hugging Face fails for a moment.
    ConnectorReplaced,
}

impl Plan {
    pub(super) fn new(management: &Management, addresses: OidcClientMetadata) -> Self {
        Self {
            changes: Vec::new(),
            warnings: Vec::new(),
            endpoint: management.endpoint().to_string(),
            addresses,
            app_id: None,
            is_only_app: false,
            app_secret: None,
            connector_id: String::new(),
            credentials_missing: false,
            webhook_url: None,
            webhook_signing_key: None,
        }
    }

    /// Whether everything is as wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The id of the application that is adopted; `None` if it will be created.
    #[must_use]
    pub fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref()
    }

    /// The secret of the application that is adopted; `None` if it will get one.
    #[must_use]
    pub fn app_secret(&self) -> Option<&SecretString> {
        self.app_secret.as_ref()
    }

    /// The id of the connector that exists or will be created.
    #[must_use]
    pub fn connector_id(&self) -> &str {
        &self.connector_id
    }

    /// The key that signs webhooks, if there is a webhook already.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let setup = HuggingFaceSetup::new("http://localhost:3000").with_webhooks(true);
    /// let plan = setup.plan(&management).await?;
    /// // The webhook is not there yet: its key is in what `apply` returns.
    /// assert!(plan.webhook_signing_key().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn webhook_signing_key(&self) -> Option<&SecretString> {
        self.webhook_signing_key.as_ref()
    }

    /// The redirect URIs to register at Hugging Face: the one for signing in, and the one for
    /// linking an account in Logto's account pages.
    #[must_use]
    pub fn hugging_face_redirect_uris(&self) -> [String; 2] {
        let (endpoint, id) = (&self.endpoint, &self.connector_id);
        [format!("{endpoint}callback/{id}"), format!("{endpoint}account/callback/social/{id}")]
    }

    /// Whether the plan cannot be carried out before id and secret are given of an OAuth app at
    /// Hugging Face, registered with these redirect URIs.
    #[must_use]
    pub fn needs_hugging_face_credentials(&self) -> bool {
        self.credentials_missing
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AutomaticAccountLinking => f.write_str(
                "automatic account linking is on: Logto does not look at whether Hugging Face verified an \
                 e-mail address, so a user who enters another user's there gets into that account here",
            ),
            Self::RequiredIdentifiers(required) => write!(
                f,
                "new users have to enter after Hugging Face: {}",
                required.join(", ")
            ),
            Self::RegistrationClosed => f.write_str(
                "the tenant is closed for registration: only users with an account can sign in",
            ),
            Self::OtherBackchannelLogoutUri(uri) => write!(
                f,
                "the application has another back-channel logout URI, which stays: {uri}"
            ),
            Self::ConnectorReplaced => f.write_str(
                "the connector is deleted and created again: signing in with Hugging Face fails in between",
            ),
        }
    }
}
