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
    /// The calls about what every organization has.
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
    pub fn resource_scopes_of_role(&self, id: &str) -> Pages<Scope> {
        let path = ["organization-roles", id, "resource-scopes"];
        self.0.get(&path).pages()
    }
}
