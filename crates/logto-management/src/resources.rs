//! API resources and their permissions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::{optional_seconds, seconds};
use crate::{Error, Management, Pages};

/// The calls about API resources; see [`Management::resources`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management, NewResource};
///
/// async fn register(management: &Management) -> Result<String, Error> {
///     let api = NewResource::new("Things", "https://api.example.com");
///     Ok(management.resources().create(&api).await?.id)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Resources<'a>(&'a Management);

/// An API that tokens are for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Resource {
    /// The id within the Management API.
    pub id: String,
    /// What administrators read.
    pub name: String,
    /// What apps ask for, and the `aud` of tokens.
    pub indicator: String,
    /// Whether tokens are for it if an app asks for no resource.
    #[serde(default)]
    pub is_default: bool,
    /// Life of its access tokens.
    #[serde(with = "seconds")]
    pub access_token_ttl: Duration,
}

/// An API to register.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewResource {
    /// What administrators read.
    pub name: String,
    /// What apps ask for. Logto accepts any text; take an absolute URI, which RFC 8707 demands.
    pub indicator: String,
    /// Life of its access tokens, in whole seconds; one hour by default.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_seconds")]
    pub access_token_ttl: Option<Duration>,
}

impl NewResource {
    /// An API with the usual life of tokens.
    #[must_use]
    pub fn new(name: impl Into<String>, indicator: impl Into<String>) -> Self {
        Self { name: name.into(), indicator: indicator.into(), access_token_ttl: None }
    }
}

/// A permission of an API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Scope {
    /// The id, which roles refer to.
    pub id: String,
    /// What tokens say, for example `read:things`.
    pub name: String,
    /// What administrators read.
    pub description: Option<String>,
    /// The API.
    pub resource_id: String,
}

/// A permission to add, of an API or of the organization template.
#[derive(Serialize)]
pub(crate) struct NewScope<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
}

impl Management {
    /// The calls about API resources.
    #[must_use]
    pub fn resources(&self) -> Resources<'_> {
        Resources(self)
    }
}

impl Resources<'_> {
    /// Every API, Logto's own included.
    pub fn list(&self) -> Pages<Resource> {
        self.0.get(&["resources"]).pages()
    }

    /// Registers an API.
    ///
    /// # Errors
    ///
    /// `resource.resource_identifier_in_use` if the indicator is taken.
    pub async fn create(&self, new: &NewResource) -> Result<Resource, Error> {
        self.0.post(&["resources"]).json(new).send().await
    }

    /// Takes an API away, its permissions included.
    ///
    /// # Errors
    ///
    /// `resource.cannot_delete_management_api`; a 404 if there is none of that id.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["resources", id]).done().await
    }

    /// The permissions of an API.
    pub fn scopes(&self, id: &str) -> Pages<Scope> {
        self.0.get(&["resources", id, "scopes"]).pages()
    }

    /// Adds a permission to an API.
    ///
    /// # Errors
    ///
    /// `scope.name_exists`; `scope.name_with_space`.
    pub async fn add_scope(
        &self,
        id: &str,
        name: &str,
        description: Option<&str>,
    ) -> Result<Scope, Error> {
        let request = self.0.post(&["resources", id, "scopes"]);
        request.json(&NewScope { name, description }).send().await
    }

    /// Takes a permission away.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    pub async fn delete_scope(&self, id: &str, scope_id: &str) -> Result<(), Error> {
        let path = ["resources", id, "scopes", scope_id];
        self.0.delete(&path).done().await
    }
}
