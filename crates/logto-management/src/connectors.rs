//! Connectors, and the factories that they are made by.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::secrets::is_secret;
use crate::{Error, Management};

/// The calls about connectors; see [`Management::connectors`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn targets(management: &Management) -> Result<(), Error> {
///     for connector in management.connectors().list().await? {
///         println!("{}", connector.id);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Connectors<'a>(&'a Management);

/// A connector: one way of signing in, or of sending messages.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management};
///
/// /// The connector of a provider, and whether it keeps users' tokens.
/// async fn keeps_tokens(management: &Management, target: &str) -> Result<Option<bool>, Error> {
///     let connectors = management.connectors().list().await?;
///     let of_target = connectors.iter().find(|it| it.target.as_deref() == Some(target));
///     Ok(of_target.map(|connector| connector.enable_token_storage))
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Connector {
    /// The id, which is part of the address that the provider sends users back to.
    pub id: String,
    /// The factory that made it, for example `huggingface-universal`.
    pub connector_id: String,
    /// The provider, by which identities are kept, for example `huggingface`.
    pub target: Option<String>,
    /// Id and secret at the provider, and more.
    #[serde(default)]
    pub config: ConnectorConfig,
    /// Whether every sign-in brings name and picture up to date.
    #[serde(default)]
    pub sync_profile: bool,
    /// Whether the user's tokens are kept.
    #[serde(default)]
    pub enable_token_storage: bool,
}

/// The configuration of a connector; its members depend on the factory. `Debug` hides the secrets.
///
/// # Example
///
/// ```
/// use logto_management::ConnectorConfig;
/// use serde_json::json;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let config = json!({ "clientId": "an id", "clientSecret": "hush", "scope": "profile email" });
/// let config: ConnectorConfig = serde_json::from_value(config)?;
/// assert_eq!(config.text("scope"), Some("profile email"));
/// // It may be logged.
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectorConfig(pub Map<String, Value>);

impl ConnectorConfig {
    /// A member that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

impl fmt::Debug for ConnectorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(name, value)| {
            let hidden = Value::from("[redacted]");
            let nested = value.is_object() || value.is_array();
            let value = if nested || is_secret(name) { hidden } else { value.clone() };
            (name, value)
        });
        f.debug_map().entries(shown).finish()
    }
}

/// What a connector of a standard protocol says about itself.
///
/// # Example
///
/// ```
/// use logto_management::{ConnectorConfig, ConnectorMetadata, NewConnector};
///
/// /// A provider of your own that speaks OpenID Connect.
/// fn acme(config: ConnectorConfig) -> NewConnector {
///     let mut new = NewConnector::new("oidc", config);
///     new.metadata = Some(ConnectorMetadata::new("acme", "Acme", "https://acme.example/logo.svg"));
///     new
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectorMetadata {
    /// The provider, by which identities are kept.
    pub target: String,
    /// The name on the button, by language.
    pub name: Map<String, Value>,
    /// The address of the picture on the button.
    pub logo: String,
    /// The same for dark pages.
    pub logo_dark: Option<String>,
}

impl ConnectorMetadata {
    /// Target, English name and logo.
    #[must_use]
    pub fn new(target: &str, name: &str, logo: &str) -> Self {
        Self {
            target: target.to_owned(),
            name: Map::from_iter([("en".to_owned(), name.into())]),
            logo: logo.to_owned(),
            logo_dark: None,
        }
    }
}

/// A connector to create.
///
/// # Example
///
/// ```
/// use logto_management::{Connector, ConnectorConfig, Error, Management, NewConnector};
///
/// async fn add_github(management: &Management, config: ConnectorConfig) -> Result<Connector, Error> {
///     let mut new = NewConnector::new("github-universal", config);
///     // So that the redirect URI for GitHub, `/callback/github`, is known before.
///     new.id = Some("github".to_owned());
///     management.connectors().create(&new).await
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewConnector {
    /// An id of your choice, so that the address for the provider is known before; Logto chooses
    /// one otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The factory.
    pub connector_id: String,
    /// Id and secret at the provider, and more.
    pub config: ConnectorConfig,
    /// Whether every sign-in brings name and picture up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_profile: Option<bool>,
    /// Whether the user's tokens are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_token_storage: Option<bool>,
    /// For the factories of standard protocols only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ConnectorMetadata>,
}

impl NewConnector {
    /// A connector of a factory.
    #[must_use]
    pub fn new(factory: impl Into<String>, config: ConnectorConfig) -> Self {
        Self {
            id: None,
            connector_id: factory.into(),
            config,
            sync_profile: None,
            enable_token_storage: None,
            metadata: None,
        }
    }
}

/// What to change of a connector; `None` stays as it is.
///
/// # Example
///
/// ```
/// use logto_management::{ConnectorChanges, Error, Management};
///
/// /// Puts a new secret into the configuration; its other members stay.
/// async fn set_secret(management: &Management, id: &str, secret: &str) -> Result<(), Error> {
///     let mut config = management.connectors().get(id).await?.config;
///     config.0.insert("clientSecret".to_owned(), secret.into());
///     let mut changes = ConnectorChanges::default();
///     changes.config = Some(config);
///     management.connectors().update(id, &changes).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectorChanges {
    /// The whole configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ConnectorConfig>,
    /// Whether every sign-in brings name and picture up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_profile: Option<bool>,
    /// Whether the user's tokens are kept. Switching it off deletes those that are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_token_storage: Option<bool>,
}

/// A kind of connector that this Logto can make.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let factories = management.connectors().factories().await?;
/// let hugging_face = factories.iter().find(|it| it.id == "huggingface-universal");
/// assert_eq!(hugging_face.and_then(|it| it.target.as_deref()), Some("huggingface"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectorFactory {
    /// The id that [`NewConnector::connector_id`] names.
    pub id: String,
    /// The provider, unless each connector names its own.
    pub target: Option<String>,
    /// Whether its connectors can keep the user's tokens.
    #[serde(default)]
    pub is_token_storage_supported: bool,
}

impl Management {
    /// The calls about connectors. See [`Connectors`] for an example.
    #[must_use]
    pub fn connectors(&self) -> Connectors<'_> {
        Connectors(self)
    }
}

impl Connectors<'_> {
    /// Every connector.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// // Each has the redirect URI that its provider has to know.
    /// for connector in management.connectors().list().await? {
    ///     let target = connector.target.as_deref().unwrap_or("none");
    ///     println!("{target}: {}callback/{}", management.endpoint(), connector.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list(&self) -> Result<Vec<Connector>, Error> {
        self.0.get(&["connectors"]).send().await
    }

    /// One connector.
    ///
    /// # Errors
    ///
    /// A 404 if there is none.
    pub async fn get(&self, id: &str) -> Result<Connector, Error> {
        self.0.get(&["connectors", id]).send().await
    }

    /// What connectors this Logto can make.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn factories(&self) -> Result<Vec<ConnectorFactory>, Error> {
        self.0.get(&["connector-factories"]).send().await
    }

    /// Creates a connector.
    ///
    /// # Errors
    ///
    /// `connector.not_found_with_connector_id` for an unknown factory, `connector.invalid_config`,
    /// `connector.multiple_instances_not_supported` and
    /// `connector.multiple_target_with_same_platform` if there is one already,
    /// `request.feature_not_supported` for token storage on a Logto without `SECRET_VAULT_KEK`,
    /// `connector.token_storage_not_supported` for a factory without it.
    pub async fn create(&self, new: &NewConnector) -> Result<Connector, Error> {
        self.0.post(&["connectors"]).json(new).send().await
    }

    /// Changes a connector.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::ConnectorChanges;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let connectors = management.connectors();
    /// let mut changes = ConnectorChanges::default();
    /// changes.sync_profile = Some(true);
    /// for connector in connectors.list().await? {
    ///     assert!(connectors.update(&connector.id, &changes).await?.sync_profile);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(&self, id: &str, to: &ConnectorChanges) -> Result<Connector, Error> {
        self.0.patch(&["connectors", id]).json(to).send().await
    }

    /// Deletes a connector, every token that it kept, and its button in the sign-in experience.
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
    /// /// Takes a provider away. The accounts of users stay linked, for a new connector of this target.
    /// async fn remove(management: &Management, target: &str) -> Result<(), Error> {
    ///     let connectors = management.connectors();
    ///     for connector in connectors.list().await? {
    ///         if connector.target.as_deref() == Some(target) {
    ///             connectors.delete(&connector.id).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["connectors", id]).done().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret_of_a_configuration() {
        let config = serde_json::json!({
            "clientId": "public", "clientSecret": "hidden", "nested": { "clientSecret": "hidden" },
        });
        let config: ConnectorConfig = serde_json::from_value(config).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("public") && !shown.contains("hidden"), "{shown}");
    }
}
