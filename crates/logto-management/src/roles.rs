//! Roles: sets of permissions, for users or for machine-to-machine applications.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Error, Management, Pages, Scope};

/// The calls about roles; see [`Management::roles`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management, NewRole, RoleType};
///
/// async fn editors(management: &Management, scope_ids: &[&str]) -> Result<(), Error> {
///     let role = NewRole::new("editor", "May change things", RoleType::User);
///     let created = management.roles().create(&role).await?;
///     management.roles().add_scopes(&created.id, scope_ids).await
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a>(&'a Management);

/// Whom a role is for.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, RoleType};
///
/// /// The roles that a page of your administrators offers for a user.
/// async fn of_users(management: &Management) -> Result<Vec<String>, Error> {
///     let roles = management.roles().list_of(&RoleType::User).all().await?;
///     Ok(roles.into_iter().map(|role| role.name).collect())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RoleType {
    /// Users.
    User,
    /// Applications that act for themselves.
    MachineToMachine,
    /// A type that this version of the crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// A set of permissions.
///
/// # Example
///
/// ```
/// use logto_management::{NewRole, RoleType};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let roles = management.roles();
/// let editor = NewRole::new("editor", "May change things", RoleType::User);
/// let created = roles.create(&editor).await?;
/// let of_users = roles.list_of(&RoleType::User).all().await?;
/// assert!(of_users.iter().any(|role| role.id == created.id && !role.is_default));
/// assert!(roles.scopes(&created.id).all().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Role {
    /// The id.
    pub id: String,
    /// What tokens say.
    pub name: String,
    /// What administrators read.
    pub description: Option<String>,
    /// Whom it is for.
    #[serde(rename = "type")]
    pub kind: RoleType,
    /// Whether every new user has it.
    #[serde(default)]
    pub is_default: bool,
}

/// A role to create.
///
/// # Example
///
/// ```
/// use logto_management::{NewRole, RoleType};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// // Every new user gets it; those who are users already do not.
/// let mut reader = NewRole::new("reader", "May read things", RoleType::User);
/// reader.is_default = true;
/// let created = management.roles().create(&reader).await?;
/// assert!(created.is_default);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewRole {
    /// What tokens say.
    pub name: String,
    /// What administrators read; Logto insists on it.
    pub description: String,
    /// Whom it is for.
    #[serde(rename = "type")]
    pub kind: RoleType,
    /// Whether every new user gets it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
    /// The ids of its permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope_ids: Vec<String>,
}

impl NewRole {
    /// A role without permissions.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, kind: RoleType) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            kind,
            is_default: false,
            scope_ids: Vec::new(),
        }
    }
}

impl Management {
    /// The calls about roles. See [`Roles`] for an example.
    #[must_use]
    pub fn roles(&self) -> Roles<'_> {
        Roles(self)
    }
}

impl Roles<'_> {
    /// Every role.
    pub fn list(&self) -> Pages<Role> {
        self.0.get(&["roles"]).pages()
    }

    /// Every role for users, or every role for applications.
    pub fn list_of(&self, kind: &RoleType) -> Pages<Role> {
        let kind = match kind {
            RoleType::User => "User",
            RoleType::MachineToMachine => "MachineToMachine",
            RoleType::Other(name) => name,
        };
        self.0.get(&["roles"]).query("type", kind).pages()
    }

    /// Creates a role.
    ///
    /// # Errors
    ///
    /// `role.name_in_use`.
    pub async fn create(&self, new: &NewRole) -> Result<Role, Error> {
        self.0.post(&["roles"]).json(new).send().await
    }

    /// Deletes a role.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Users who have the role lose its permissions with their next access token.
    /// async fn retire(management: &Management, name: &str) -> Result<(), Error> {
    ///     let roles = management.roles();
    ///     for role in roles.list().all().await?.iter().filter(|role| role.name == name) {
    ///         roles.delete(&role.id).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["roles", id]).done().await
    }

    /// The permissions of a role.
    pub fn scopes(&self, id: &str) -> Pages<Scope> {
        self.0.get(&["roles", id, "scopes"]).pages()
    }

    /// Adds permissions to a role.
    ///
    /// # Errors
    ///
    /// A 404 if there is no such role or permission.
    pub async fn add_scopes(&self, id: &str, scope_ids: &[&str]) -> Result<(), Error> {
        let request = self.0.post(&["roles", id, "scopes"]);
        request.json(&json!({ "scopeIds": scope_ids })).done().await
    }
}
