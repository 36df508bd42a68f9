//! Applications and their secrets.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::secrets::NewSecret;
use crate::time::{optional_millis, optional_seconds};
use crate::{Error, Management, Pages};

/// The calls about applications; see [`Management::applications`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management, ApplicationType, NewApplication};
///
/// async fn register(management: &Management) -> Result<String, Error> {
///     let app = NewApplication::new("My app", ApplicationType::Traditional);
///     Ok(management.applications().create(&app).await?.id)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Applications<'a>(&'a Management);

/// An application of the tenant.
///
/// # Example
///
/// ```
/// use logto_management::{ApplicationType, Error, Management};
///
/// /// Web apps that are not told when a session ends.
/// async fn without_back_channel(management: &Management) -> Result<Vec<String>, Error> {
///     let apps = management.applications().list().all().await?;
///     let web = apps.into_iter().filter(|app| app.kind == ApplicationType::Traditional);
///     let deaf = web.filter(|app| app.oidc_client_metadata.backchannel_logout_uri.is_none());
///     Ok(deaf.map(|app| app.name).collect())
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Application {
    /// The client id.
    pub id: String,
    /// What users read.
    pub name: String,
    /// What administrators read.
    pub description: Option<String>,
    /// What kind of client it is.
    #[serde(rename = "type")]
    pub kind: ApplicationType,
    /// The addresses that it may use.
    pub oidc_client_metadata: OidcClientMetadata,
    /// How its tokens are made.
    #[serde(default)]
    pub custom_client_metadata: CustomClientMetadata,
    /// Whether it is a third-party app, so that users are asked for consent.
    #[serde(default)]
    pub is_third_party: bool,
    /// When it was created.
    #[serde(default, with = "optional_millis")]
    pub created_at: Option<SystemTime>,
}

/// What kind of client an application is.
///
/// # Example
///
/// ```
/// use logto_management::{Application, ApplicationType};
///
/// /// Whether the application has a secret that could be changed.
/// fn has_secret(application: &Application) -> bool {
///     matches!(application.kind, ApplicationType::Traditional | ApplicationType::MachineToMachine)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ApplicationType {
    /// A web server with a secret.
    Traditional,
    /// A script in a browser.
    #[serde(rename = "SPA")]
    Spa,
    /// An app on a device.
    Native,
    /// A service that acts for itself.
    MachineToMachine,
    /// An app behind Logto's own proxy.
    Protected,
    /// A SAML service provider.
    #[serde(rename = "SAML")]
    Saml,
    /// A type that this version of the crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// The addresses of an application. A change replaces all of them: start from what is there.
///
/// # Example
///
/// ```
/// use logto_management::{ApplicationType, NewApplication, OidcClientMetadata};
///
/// let mut addresses = OidcClientMetadata::default();
/// addresses.redirect_uris = vec!["https://app.example.com/callback".to_owned()];
/// addresses.post_logout_redirect_uris = vec!["https://app.example.com/".to_owned()];
/// addresses.backchannel_logout_uri = Some("https://app.example.com/backchannel-logout".to_owned());
/// let mut app = NewApplication::new("My app", ApplicationType::Traditional);
/// app.oidc_client_metadata = Some(addresses);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OidcClientMetadata {
    /// Where browsers may be sent with a code.
    pub redirect_uris: Vec<String>,
    /// Where browsers may be sent after sign-out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where Logto tells the application that a session has ended (OpenID Connect
    /// Back-Channel Logout).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether ID tokens and logout tokens name the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// Whatever else Logto keeps here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How the tokens of an application are made. A change replaces everything: start from what is
/// there.
///
/// # Example
///
/// ```
/// use logto_management::{ApplicationType, CustomClientMetadata, NewApplication};
///
/// let mut tokens = CustomClientMetadata::default();
/// tokens.allow_token_exchange = Some(true);
/// tokens.refresh_token_ttl_in_days = Some(30);
/// let mut app = NewApplication::new("Gateway", ApplicationType::MachineToMachine);
/// app.custom_client_metadata = Some(tokens);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CustomClientMetadata {
    /// Refresh tokens without `prompt=consent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_issue_refresh_token: Option<bool>,
    /// Whether refresh tokens rotate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_refresh_token: Option<bool>,
    /// Life of refresh tokens in days, 1 to 180.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_ttl_in_days: Option<u32>,
    /// Life of ID tokens, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_seconds")]
    pub id_token_ttl: Option<Duration>,
    /// Whether the application may exchange subject tokens and personal access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_token_exchange: Option<bool>,
    /// Whatever else Logto keeps here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An application to create.
///
/// # Example
///
/// ```
/// use logto_management::{ApplicationType, NewApplication, OidcClientMetadata};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let mut addresses = OidcClientMetadata::default();
/// addresses.redirect_uris = vec!["http://localhost:4000/callback".to_owned()];
/// let mut new = NewApplication::new("Shop", ApplicationType::Traditional);
/// new.oidc_client_metadata = Some(addresses);
/// let created = management.applications().create(&new).await?;
/// let secrets = management.applications().secrets(&created.id).await?;
/// assert_eq!(secrets.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewApplication {
    /// What users read.
    pub name: String,
    /// What administrators read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What kind of client it is.
    #[serde(rename = "type")]
    pub kind: ApplicationType,
    /// The addresses that it may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_metadata: Option<OidcClientMetadata>,
    /// How its tokens are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_client_metadata: Option<CustomClientMetadata>,
    /// Whether it is a third-party app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_third_party: Option<bool>,
}

impl NewApplication {
    /// An application with a name and a type, everything else as Logto chooses.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ApplicationType) -> Self {
        Self {
            name: name.into(),
            description: None,
            kind,
            oidc_client_metadata: None,
            custom_client_metadata: None,
            is_third_party: None,
        }
    }
}

/// What to change of an application; `None` stays as it is.
///
/// # Example
///
/// ```
/// use logto_management::{ApplicationChanges, Error, Management};
///
/// /// Adds a redirect URI to those that are there.
/// async fn add_redirect_uri(management: &Management, id: &str, uri: &str) -> Result<(), Error> {
///     let applications = management.applications();
///     let mut addresses = applications.get(id).await?.oidc_client_metadata;
///     addresses.redirect_uris.push(uri.to_owned());
///     let mut changes = ApplicationChanges::default();
///     changes.oidc_client_metadata = Some(addresses);
///     applications.update(id, &changes).await?;
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let app = tenant.app_id();
/// add_redirect_uri(&management, app, "http://localhost:3000/preview/callback").await?;
/// let addresses = management.applications().get(app).await?.oidc_client_metadata;
/// assert_eq!(addresses.redirect_uris.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationChanges {
    /// What users read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What administrators read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// All addresses; Logto replaces them as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_metadata: Option<OidcClientMetadata>,
    /// All settings of the tokens; Logto replaces them as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_client_metadata: Option<CustomClientMetadata>,
}

/// A secret of an application. Logto shows it again at any time.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use logto_management::{ApplicationSecret, Error, Management};
///
/// /// The first step of a change; the old one goes when all instances have the new one.
/// async fn new_secret(management: &Management, app: &str) -> Result<ApplicationSecret, Error> {
///     let in_a_year = SystemTime::now() + Duration::from_secs(365 * 24 * 3600);
///     management.applications().add_secret(app, "2027", Some(in_a_year)).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// # let app = tenant.app_id();
/// new_secret(&management, app).await?;
/// // The second step:
/// let applications = management.applications();
/// for old in applications.secrets(app).await?.iter().filter(|secret| secret.name != "2027") {
///     applications.delete_secret(app, &old.name).await?;
/// }
/// assert_eq!(applications.secrets(app).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationSecret {
    /// The name, unique within the application.
    pub name: String,
    /// The secret itself.
    pub value: SecretString,
    /// When it ends; `None` is never.
    #[serde(default, with = "optional_millis")]
    pub expires_at: Option<SystemTime>,
}

impl Management {
    /// The calls about applications. See [`Applications`] for an example.
    #[must_use]
    pub fn applications(&self) -> Applications<'_> {
        Applications(self)
    }
}

impl Applications<'_> {
    /// Every application.
    pub fn list(&self) -> Pages<Application> {
        self.0.get(&["applications"]).pages()
    }

    /// One application.
    ///
    /// # Errors
    ///
    /// `entity.not_exists_with_id` if there is none.
    pub async fn get(&self, id: &str) -> Result<Application, Error> {
        self.0.get(&["applications", id]).send().await
    }

    /// Creates an application. Its secret is among its [`secrets`](Self::secrets).
    ///
    /// # Errors
    ///
    /// `guard.invalid_input` for a redirect URI that is not a URL.
    pub async fn create(&self, new: &NewApplication) -> Result<Application, Error> {
        self.0.post(&["applications"]).json(new).send().await
    }

    /// Changes an application.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`get`](Self::get).
    pub async fn update(&self, id: &str, to: &ApplicationChanges) -> Result<Application, Error> {
        self.0.patch(&["applications", id]).json(to).send().await
    }

    /// Deletes an application.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Deletes the applications of previews, which are made for each pull request.
    /// async fn tidy(management: &Management) -> Result<(), Error> {
    ///     let applications = management.applications();
    ///     for app in applications.list().all().await? {
    ///         if app.name.starts_with("preview-") {
    ///             applications.delete(&app.id).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["applications", id]).done().await
    }

    /// The secrets of an application, the oldest first.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use logto_management::{Error, Management};
    ///
    /// /// Whether an application has to get a new secret within a month.
    /// async fn needs_secret(management: &Management, id: &str) -> Result<bool, Error> {
    ///     let in_a_month = SystemTime::now() + Duration::from_secs(30 * 24 * 3600);
    ///     let secrets = management.applications().secrets(id).await?;
    ///     Ok(secrets.iter().all(|secret| secret.expires_at.is_some_and(|end| end < in_a_month)))
    /// }
    /// ```
    pub async fn secrets(&self, id: &str) -> Result<Vec<ApplicationSecret>, Error> {
        self.0.get(&["applications", id, "secrets"]).send().await
    }

    /// Adds a secret, which ends at `expires_at` if that is given.
    ///
    /// # Errors
    ///
    /// `application.secret_name_exists` if the name is taken.
    pub async fn add_secret(
        &self,
        id: &str,
        name: &str,
        expires_at: Option<SystemTime>,
    ) -> Result<ApplicationSecret, Error> {
        let request = self.0.post(&["applications", id, "secrets"]);
        request.json(&NewSecret { name, expires_at }).send().await
    }

    /// Deletes a secret by its name.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete_secret(&self, id: &str, name: &str) -> Result<(), Error> {
        let path = ["applications", id, "secrets", name];
        self.0.delete(&path).done().await
    }

    /// Gives roles to a machine-to-machine application, those it has already included.
    ///
    /// # Errors
    ///
    /// `application.invalid_role_type` for a role of users, and, before Logto 1.42,
    /// `application.role_exists` for one that it has.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{ApplicationType, Error, Management, NewApplication};
    ///
    /// /// A program that may call an API.
    /// async fn create_job(management: &Management, name: &str, role_id: &str) -> Result<String, Error> {
    ///     let applications = management.applications();
    ///     let job = NewApplication::new(name, ApplicationType::MachineToMachine);
    ///     let job = applications.create(&job).await?;
    ///     applications.add_roles(&job.id, &[role_id]).await?;
    ///     Ok(job.id)
    /// }
    /// ```
    pub async fn add_roles(&self, id: &str, role_ids: &[&str]) -> Result<(), Error> {
        let request = self.0.post(&["applications", id, "roles"]);
        request.json(&json!({ "roleIds": role_ids })).done().await
    }
}
