//! Permissions of resources and of organizations, given by roles.

use super::Directory;
use super::table::{Row, Table, text, texts};
use crate::apps::App;
use crate::scopes::ORGANIZATIONS;
use crate::users::TestUser;

impl Directory {
    /// The permissions of a resource; `None` if the tenant has no such resource.
    pub(crate) fn permissions(&self, resource: &str) -> Option<Vec<&str>> {
        if resource == ORGANIZATIONS {
            return Some(self.organization_scopes.rows().map(name).collect());
        }
        let resource = text(self.resources.find("indicator", resource)?, "id");
        let of_it = |scope: &&Row| text(scope, "resourceId") == resource;
        Some(self.scopes.rows().filter(of_it).map(name).collect())
    }

    /// What the user's roles permit on a resource, within an organization if one is named.
    pub(crate) fn for_user(
        &self,
        user: &TestUser,
        resource: &str,
        organization: Option<&str>,
    ) -> Vec<&str> {
        // Without an organization the roles of every organization count, as in Logto.
        let memberships = user.memberships().iter();
        let memberships = memberships.filter(|one| organization.is_none_or(|id| one.id == id));
        let mut roles: Vec<&Row> =
            memberships.filter_map(|one| self.organization_roles.find("name", &one.role)).collect();
        if organization.is_none() {
            let own = user.roles().iter();
            roles.extend(own.filter_map(|role| self.roles.find("name", role)));
        }
        self.permitted(&roles, resource)
    }

    /// What the roles of a machine-to-machine app permit.
    pub(crate) fn for_app(
        &self,
        app: &App,
        resource: &str,
        organization: Option<&str>,
    ) -> Vec<&str> {
        let roles = match organization {
            None => app.roles.iter().filter_map(|id| self.roles.get(id)).collect(),
            Some(id) => self.organization_roles_of(&app.id, id),
        };
        self.permitted(&roles, resource)
    }

    pub(crate) fn is_app_in(&self, app_id: &str, organization: &str) -> bool {
        let organization = self.organizations.get(organization);
        organization.is_some_and(|one| texts(one, "applicationIds").any(|id| id == app_id))
    }

    fn organization_roles_of(&self, app_id: &str, organization: &str) -> Vec<&Row> {
        let Some(organization) = self.organizations.get(organization) else {
            return Vec::new();
        };
        let given = organization.get("applicationRoles").and_then(|all| all.get(app_id));
        let ids = given.and_then(|ids| ids.as_array()).into_iter().flatten();
        ids.filter_map(|id| self.organization_roles.get(id.as_str()?)).collect()
    }

    /// The permissions of a resource that any of the roles gives, in the order of the resource.
    fn permitted(&self, roles: &[&Row], resource: &str) -> Vec<&str> {
        let given = |table: &Table, member: &str, scope: &str| {
            let ids = roles.iter().flat_map(|role| texts(role, member));
            ids.filter_map(|id| table.get(id))
                .any(|row| name(row) == scope && belongs(self, row, resource))
        };
        let all = self.permissions(resource).unwrap_or_default();
        let permitted = all.into_iter().filter(|scope| {
            given(&self.scopes, "scopeIds", scope)
                || given(&self.scopes, "resourceScopeIds", scope)
                || given(&self.organization_scopes, "organizationScopeIds", scope)
        });
        permitted.collect()
    }
}

fn belongs(directory: &Directory, scope: &Row, resource: &str) -> bool {
    match text(scope, "resourceId") {
        "" => resource == ORGANIZATIONS,
        id => directory.resources.get(id).is_some_and(|row| text(row, "indicator") == resource),
    }
}

fn name(row: &Row) -> &str {
    text(row, "name")
}
