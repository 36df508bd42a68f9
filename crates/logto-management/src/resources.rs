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
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let apis = management.resources().list().all().await?;
/// let things = apis.iter().find(|api| api.indicator == "https://api.example.test");
/// assert_eq!(things.map(|api| api.access_token_ttl.as_secs()), Some(3600));
/// # Ok(())
/// # }
/// ```
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
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use logto_management::NewResource;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let mut bills = NewResource::new("Bills", "https://bills.example.com");
/// bills.access_token_ttl = Some(Duration::from_secs(600));
/// let created = management.resources().create(&bills).await?;
/// assert_eq!(created.access_token_ttl.as_secs(), 600);
/// # Ok(())
/// # }
/// ```
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
///
/// # Example
///
/// ```
/// use logto_management::{NewResource, NewRole, RoleType};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// // An API, its permission, and a role that gives it.
/// let api = NewResource::new("Bills", "https://bills.example.test");
/// let api = management.resources().create(&api).await?;
/// let scope = management.resources().add_scope(&api.id, "read:bills", None).await?;
/// let mut role = NewRole::new("accountant", "May read bills", RoleType::User);
/// role.scope_ids = vec![scope.id];
/// let role = management.roles().create(&role).await?;
/// let scopes = management.roles().scopes(&role.id).all().await?;
/// assert_eq!(scopes.iter().map(|scope| &scope.name).collect::<Vec<_>>(), ["read:bills"]);
/// # Ok(())
/// # }
/// ```
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
    /// The calls about API resources. See [`Resources`] for an example.
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
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Takes the API of a test away.
    /// async fn delete(management: &Management, indicator: &str) -> Result<(), Error> {
    ///     let resources = management.resources();
    ///     for api in resources.list().all().await?.iter().filter(|api| api.indicator == indicator) {
    ///         resources.delete(&api.id).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["resources", id]).done().await
    }

    /// The permissions of an API.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Deletes permissions that the app no longer knows.
    /// async fn tidy(management: &Management, api: &str, known: &[&str]) -> Result<(), Error> {
    ///     let resources = management.resources();
    ///     for scope in resources.scopes(api).all().await? {
    ///         if !known.contains(&scope.name.as_str()) {
    ///             resources.delete_scope(api, &scope.id).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
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
