//! The organization template: permissions and roles of all organizations.

use serde::{Deserialize, Serialize};

use crate::resources::NewScope;
use crate::{Error, Management, Pages, RoleType, Scope};

/// The calls about the organization template; see [`Management::organization_template`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management, NewOrganizationRole, RoleType};
///
/// async fn add_admin(management: &Management) -> Result<(), Error> {
///     let role = NewOrganizationRole::new("admin", RoleType::User);
///     management.organization_template().add_role(&role).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OrganizationTemplate<'a>(&'a Management);

/// A permission within organizations.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// // What a new role could give.
/// for scope in management.organization_template().scopes().all().await? {
///     println!("{}: {}", scope.name, scope.description.as_deref().unwrap_or("no description"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct OrganizationScope {
    /// The id, which roles refer to.
    pub id: String,
    /// What tokens say, for example `read:members`.
    pub name: String,
    /// What administrators read.
    pub description: Option<String>,
}

/// A role within organizations.
///
/// # Example
///
/// ```
/// use logto_management::{NewOrganizationRole, RoleType};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let template = management.organization_template();
/// let invite = template.add_scope("invite:member", Some("May invite users")).await?;
/// let mut inviter = NewOrganizationRole::new("inviter", RoleType::User);
/// inviter.organization_scope_ids = vec![invite.id];
/// let inviter = template.add_role(&inviter).await?;
/// let scopes = template.scopes_of_role(&inviter.id).all().await?;
/// assert_eq!(scopes.iter().map(|scope| &scope.name).collect::<Vec<_>>(), ["invite:member"]);
/// // Of the app's APIs it has none.
/// assert!(template.resource_scopes_of_role(&inviter.id).all().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct OrganizationRole {
    /// The id.
    pub id: String,
    /// What tokens say.
    pub name: String,
    /// What administrators read.
    pub description: Option<String>,
    /// Whom it is for; Logto did not always say.
    #[serde(rename = "type")]
    pub kind: Option<RoleType>,
}

/// A role within organizations to create.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, NewOrganizationRole, RoleType};
///
/// /// A role for programs that act in an organization.
/// async fn create(management: &Management, scope_id: &str) -> Result<String, Error> {
///     let mut role = NewOrganizationRole::new("reporter", RoleType::MachineToMachine);
///     role.description = Some("Writes the monthly report".to_owned());
///     role.organization_scope_ids = vec![scope_id.to_owned()];
///     Ok(management.organization_template().add_role(&role).await?.id)
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewOrganizationRole {
    /// What tokens say.
    pub name: String,
    /// What administrators read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom it is for.
    #[serde(rename = "type")]
    pub kind: RoleType,
    /// The ids of permissions within organizations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organization_scope_ids: Vec<String>,
    /// The ids of permissions of API resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_scope_ids: Vec<String>,
}

impl NewOrganizationRole {
    /// A role without permissions.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: RoleType) -> Self {
        Self {
            name: name.into(),
            description: None,
            kind,
            organization_scope_ids: Vec::new(),
            resource_scope_ids: Vec::new(),
        }
    }
}

impl Management {
    /// The calls about what every organization has. See [`OrganizationTemplate`] for an example.
    #[must_use]
    pub fn organization_template(&self) -> OrganizationTemplate<'_> {
        OrganizationTemplate(self)
    }
}

impl OrganizationTemplate<'_> {
    /// The permissions within organizations.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Adds those that the app needs and the tenant does not have yet.
    /// async fn ensure(management: &Management, needed: &[&str]) -> Result<(), Error> {
    ///     let template = management.organization_template();
    ///     let have = template.scopes().all().await?;
    ///     for name in needed.iter().filter(|name| have.iter().all(|scope| scope.name != **name)) {
    ///         template.add_scope(name, None).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn scopes(&self) -> Pages<OrganizationScope> {
        self.0.get(&["organization-scopes"]).pages()
    }

    /// Adds a permission.
    ///
    /// # Errors
    ///
    /// `entity.unique_integrity_violation` if there is one of that name.
    pub async fn add_scope(
        &self,
        name: &str,
        description: Option<&str>,
    ) -> Result<OrganizationScope, Error> {
        let request = self.0.post(&["organization-scopes"]);
        request.json(&NewScope { name, description }).send().await
    }

    /// The roles within organizations.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// The id of a role, which `Organizations::give_roles` takes.
    /// async fn role_id(management: &Management, name: &str) -> Result<Option<String>, Error> {
    ///     let roles = management.organization_template().roles().all().await?;
    ///     Ok(roles.into_iter().find(|role| role.name == name).map(|role| role.id))
    /// }
    /// ```
    pub fn roles(&self) -> Pages<OrganizationRole> {
        self.0.get(&["organization-roles"]).pages()
    }

    /// Adds a role.
    ///
    /// # Errors
    ///
    /// As [`add_scope`](Self::add_scope).
    pub async fn add_role(&self, new: &NewOrganizationRole) -> Result<OrganizationRole, Error> {
        let request = self.0.post(&["organization-roles"]);
        request.json(new).send().await
    }

    /// The permissions within organizations that a role gives.
    pub fn scopes_of_role(&self, id: &str) -> Pages<OrganizationScope> {
        self.0.get(&["organization-roles", id, "scopes"]).pages()
    }

    /// The permissions of API resources that a role gives.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// All that a role gives: within organizations, and of APIs.
    /// async fn names(management: &Management, role_id: &str) -> Result<Vec<String>, Error> {
    ///     let template = management.organization_template();
    ///     let own = template.scopes_of_role(role_id).all().await?.into_iter().map(|scope| scope.name);
    ///     let of_apis = template.resource_scopes_of_role(role_id).all().await?;
    ///     Ok(own.chain(of_apis.into_iter().map(|scope| scope.name)).collect())
    /// }
    /// ```
    pub fn resource_scopes_of_role(&self, id: &str) -> Pages<Scope> {
        let path = ["organization-roles", id, "resource-scopes"];
        self.0.get(&path).pages()
    }
}
