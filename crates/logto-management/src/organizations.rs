//! Organizations and their members.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::time::optional_millis;
use crate::{Error, Management, Pages};

/// The calls about organizations; see [`Management::organizations`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management, NewOrganization};
///
/// async fn found(management: &Management, owner: &str) -> Result<(), Error> {
///     let organizations = management.organizations();
///     let created = organizations.create(&NewOrganization::new("Acme")).await?;
///     organizations.add_members(&created.id, &[owner]).await
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Organizations<'a>(&'a Management);

/// An organization.
///
/// # Example
///
/// ```
/// use logto_management::NewOrganization;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let organizations = management.organizations();
/// let created = organizations.create(&NewOrganization::new("Acme")).await?;
/// let found = organizations.get(&created.id).await?;
/// assert_eq!((found.name.as_str(), found.description), ("Acme", None));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Organization {
    /// The id, which tokens have.
    pub id: String,
    /// What users read.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// What your apps keep about it.
    #[serde(default)]
    pub custom_data: Map<String, Value>,
    /// When it was created.
    #[serde(default, with = "optional_millis")]
    pub created_at: Option<SystemTime>,
}

/// An organization to create.
///
/// # Example
///
/// ```
/// use logto_management::NewOrganization;
/// use serde_json::Map;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let mut acme = NewOrganization::new("Acme");
/// acme.description = Some("A customer since 2026".to_owned());
/// acme.custom_data = Some(Map::from_iter([("plan".to_owned(), "team".into())]));
/// let created = management.organizations().create(&acme).await?;
/// assert_eq!(created.custom_data["plan"], "team");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewOrganization {
    /// What users read.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What your apps keep about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<Map<String, Value>>,
}

impl NewOrganization {
    /// An organization with a name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, custom_data: None }
    }
}

/// A member of an organization.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management};
///
/// /// A table of an organization's members.
/// async fn table(management: &Management, organization: &str) -> Result<Vec<String>, Error> {
///     let members = management.organizations().members(organization).all().await?;
///     let line = members.iter().map(|member| {
///         let roles = member.organization_roles.iter().map(|role| role.name.as_str());
///         let roles: Vec<_> = roles.collect();
///         format!("{}: {}", member.name.as_deref().unwrap_or(&member.id), roles.join(", "))
///     });
///     Ok(line.collect())
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Member {
    /// The user id.
    pub id: String,
    /// The name to call them by.
    pub name: Option<String>,
    /// The e-mail address.
    pub primary_email: Option<String>,
    /// Their roles in the organization.
    #[serde(default)]
    pub organization_roles: Vec<MemberRole>,
}

/// A role of a member.
///
/// # Example
///
/// ```
/// use logto_management::Member;
///
/// fn is_admin(member: &Member) -> bool {
///     member.organization_roles.iter().any(|role| role.name == "admin")
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct MemberRole {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

impl Management {
    /// The calls about organizations. See [`Organizations`] for an example.
    #[must_use]
    pub fn organizations(&self) -> Organizations<'_> {
        Organizations(self)
    }
}

impl Organizations<'_> {
    /// Every organization.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let organizations = management.organizations().list().all().await?;
    /// assert!(organizations.iter().any(|organization| organization.id == "wpmklpcc20gc"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Pages<Organization> {
        self.0.get(&["organizations"]).pages()
    }

    /// One organization.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    pub async fn get(&self, id: &str) -> Result<Organization, Error> {
        self.0.get(&["organizations", id]).send().await
    }

    /// Creates an organization. Two organizations may have the same name.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn create(&self, new: &NewOrganization) -> Result<Organization, Error> {
        self.0.post(&["organizations"]).json(new).send().await
    }

    /// Deletes an organization; its members stay users of the tenant.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::NewOrganization;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let organizations = management.organizations();
    /// let trial = organizations.create(&NewOrganization::new("Trial")).await?;
    /// organizations.delete(&trial.id).await?;
    /// assert!(organizations.get(&trial.id).await.is_err_and(|error| error.is_not_found()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["organizations", id]).done().await
    }

    /// The members of an organization.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Where a mail to all members goes.
    /// async fn addresses(management: &Management, organization: &str) -> Result<Vec<String>, Error> {
    ///     let members = management.organizations().members(organization).all().await?;
    ///     Ok(members.into_iter().filter_map(|member| member.primary_email).collect())
    /// }
    /// ```
    pub fn members(&self, id: &str) -> Pages<Member> {
        self.0.get(&["organizations", id, "users"]).pages()
    }

    /// Makes users members; those who are members already stay members.
    ///
    /// # Errors
    ///
    /// If there is no such organization or user.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management, NewUser};
    ///
    /// /// A user who has no account yet, in an organization from the beginning.
    /// async fn add(management: &Management, organization: &str, email: &str) -> Result<String, Error> {
    ///     let mut new = NewUser::default();
    ///     new.primary_email = Some(email.to_owned());
    ///     let user = management.users().create(&new).await?;
    ///     management.organizations().add_members(organization, &[&user.id]).await?;
    ///     Ok(user.id)
    /// }
    /// ```
    pub async fn add_members(&self, id: &str, user_ids: &[&str]) -> Result<(), Error> {
        let request = self.0.post(&["organizations", id, "users"]);
        request.json(&json!({ "userIds": user_ids })).done().await
    }

    /// Removes a user from an organization.
    ///
    /// # Errors
    ///
    /// A 404 if they are not in it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// From all organizations that are named.
    /// async fn leave(management: &Management, user: &str, organizations: &[&str]) -> Result<(), Error> {
    ///     for organization in organizations {
    ///         match management.organizations().remove_member(organization, user).await {
    ///             Err(error) if !error.is_not_found() => return Err(error),
    ///             _ => {}
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn remove_member(&self, id: &str, user_id: &str) -> Result<(), Error> {
        let path = ["organizations", id, "users", user_id];
        self.0.delete(&path).done().await
    }

    /// Gives members roles, by ids of the organization template.
    ///
    /// # Errors
    ///
    /// If one of them is not a member, or there is no such role.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Makes a user the administrator of an organization that they may not be in yet.
    /// async fn make_admin(
    ///     management: &Management,
    ///     organization: &str,
    ///     user: &str,
    ///     admin_role: &str,
    /// ) -> Result<(), Error> {
    ///     let organizations = management.organizations();
    ///     organizations.add_members(organization, &[user]).await?;
    ///     organizations.give_roles(organization, &[user], &[admin_role]).await
    /// }
    /// ```
    pub async fn give_roles(
        &self,
        id: &str,
        user_ids: &[&str],
        role_ids: &[&str],
    ) -> Result<(), Error> {
        let request = self.0.post(&["organizations", id, "users", "roles"]);
        let body = json!({ "userIds": user_ids, "organizationRoleIds": role_ids });
        request.json(&body).done().await
    }

    /// Lets machine-to-machine applications act in an organization.
    ///
    /// # Errors
    ///
    /// If there is no such organization or application.
    pub async fn add_applications(&self, id: &str, app_ids: &[&str]) -> Result<(), Error> {
        let request = self.0.post(&["organizations", id, "applications"]);
        let body = json!({ "applicationIds": app_ids });
        request.json(&body).done().await
    }

    /// Gives applications roles in an organization, by ids of the organization template.
    ///
    /// # Errors
    ///
    /// If one of them is not in the organization, or there is no such role.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// A job may ask for tokens of the organization.
    /// async fn let_in(
    ///     management: &Management,
    ///     organization: &str,
    ///     app: &str,
    ///     role: &str,
    /// ) -> Result<(), Error> {
    ///     let organizations = management.organizations();
    ///     organizations.add_applications(organization, &[app]).await?;
    ///     organizations.give_roles_to_applications(organization, &[app], &[role]).await
    /// }
    /// ```
    pub async fn give_roles_to_applications(
        &self,
        id: &str,
        app_ids: &[&str],
        role_ids: &[&str],
    ) -> Result<(), Error> {
        let path = ["organizations", id, "applications", "roles"];
        let body = json!({ "applicationIds": app_ids, "organizationRoleIds": role_ids });
        self.0.post(&path).json(&body).done().await
    }
}
