//! `PATCH` and `DELETE` of roles, permissions, and organizations, and what webhooks are told of it.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, patch};
use serde_json::json;

use super::input;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Directory, Row, Table, text, visible};
use crate::reply;
use crate::state::Shared;
use crate::store::Store;
use crate::webhooks::{ApiCall, tell_of_call};

/// What can be changed.
pub(super) struct Kind {
    table: fn(&mut Directory) -> &mut Table,
    /// In errors.
    name: &'static str,
    /// As webhooks name it, below `/api`; its last parameter is the id.
    route: &'static str,
    /// The parameters of that route, by their names here.
    params: &'static [(&'static str, &'static str)],
    updated: &'static str,
    deleted: &'static str,
    /// What a `PATCH` may change.
    members: &'static [&'static str],
    hidden: &'static [&'static str],
    /// Changes what refers to it: from this row, to this one or to none.
    follow: fn(&mut Store, &Row, Option<&Row>),
}

pub(super) const ROLES: Kind = Kind {
    table: |directory| &mut directory.roles,
    name: "roles",
    route: "/roles/:id",
    params: &[("id", "id")],
    updated: "Role.Data.Updated",
    deleted: "Role.Deleted",
    members: &["name", "description", "isDefault"],
    hidden: &["scopeIds"],
    follow: |store, old, new| {
        for user in &mut store.users {
            user.replace_role(text(old, "name"), new.map(|new| text(new, "name")));
        }
        if new.is_none() {
            for app in &mut store.apps {
                app.roles.retain(|role| role != text(old, "id"));
            }
        }
    },
};

pub(super) const SCOPES: Kind = Kind {
    table: |directory| &mut directory.scopes,
    name: "scopes",
    route: "/resources/:resourceId/scopes/:scopeId",
    params: &[("id", "resourceId"), ("scope", "scopeId")],
    updated: "Scope.Data.Updated",
    deleted: "Scope.Deleted",
    members: &["name", "description"],
    hidden: &[],
    // Roles name it by its id, and pass over what is not there.
    follow: |_, _, _| (),
};

pub(super) const ORGANIZATIONS: Kind = Kind {
    table: |directory| &mut directory.organizations,
    name: "organizations",
    route: "/organizations/:id",
    params: &[("id", "id")],
    updated: "Organization.Data.Updated",
    deleted: "Organization.Deleted",
    members: &["name", "description", "customData", "isMfaRequired", "color", "branding"],
    hidden: &["applicationIds", "applicationRoles"],
    follow: |store, old, new| {
        if new.is_none() {
            for user in &mut store.users {
                user.leave(text(old, "id"));
            }
        }
    },
};

pub(super) const ORGANIZATION_SCOPES: Kind = Kind {
    table: |directory| &mut directory.organization_scopes,
    name: "organization_scopes",
    route: "/organization-scopes/:id",
    params: &[("id", "id")],
    updated: "OrganizationScope.Data.Updated",
    deleted: "OrganizationScope.Deleted",
    members: &["name", "description"],
    hidden: &[],
    follow: |_, _, _| (),
};

pub(super) const ORGANIZATION_ROLES: Kind = Kind {
    table: |directory| &mut directory.organization_roles,
    name: "organization_roles",
    route: "/organization-roles/:id",
    params: &[("id", "id")],
    updated: "OrganizationRole.Data.Updated",
    deleted: "OrganizationRole.Deleted",
    members: &["name", "description"],
    hidden: &["organizationScopeIds", "resourceScopeIds"],
    follow: |store, old, new| {
        let name = new.map(|new| text(new, "name")).unwrap_or_default();
        for user in &mut store.users {
            user.replace_organization_role(text(old, "name"), name);
        }
    },
};

type Params = Path<HashMap<String, String>>;

/// The routes of one row.
pub(super) fn routes(kind: &'static Kind) -> MethodRouter<Shared> {
    let update = async |State(tenant): State<Shared>, Path(params): Params, call: Call| {
        kind.update(&tenant, &params, &input::body(&call))
    };
    let remove =
        async |State(tenant): State<Shared>, Path(params): Params| kind.delete(&tenant, &params);
    patch(update).merge(delete(remove))
}

impl Kind {
    fn update(
        &self,
        tenant: &Shared,
        params: &HashMap<String, String>,
        body: &Row,
    ) -> Result<Response, Refused> {
        let id = self.id(params);
        let mut store = tenant.store();
        let row = (self.table)(&mut store.directory).get_mut(id);
        let row = row.ok_or_else(|| Refused::not_found(self.name, id))?;
        let old = row.clone();
        let known = body.iter().filter(|(name, _)| self.members.contains(&name.as_str()));
        row.extend(known.map(|(name, value)| (name.clone(), value.clone())));
        let new = row.clone();
        (self.follow)(&mut store, &old, Some(&new));
        let shown = visible(&new, self.hidden);
        let call = self.told("PATCH", 200, params).with_data(json!(shown));
        tell_of_call(tenant, &store, self.updated, call, json!({}));
        Ok(reply::json(StatusCode::OK, &shown))
    }

    fn delete(
        &self,
        tenant: &Shared,
        params: &HashMap<String, String>,
    ) -> Result<Response, Refused> {
        let id = self.id(params);
        let mut store = tenant.store();
        let table = (self.table)(&mut store.directory);
        let old = table.get(id).cloned().ok_or_else(|| Refused::not_found(self.name, id))?;
        table.remove(id);
        (self.follow)(&mut store, &old, None);
        let call = self.told("DELETE", 204, params);
        tell_of_call(tenant, &store, self.deleted, call, json!({}));
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    fn id<'a>(&self, params: &'a HashMap<String, String>) -> &'a str {
        let last = self.params.last().and_then(|(here, _)| params.get(*here));
        last.map(String::as_str).unwrap_or_default()
    }

    fn told(
        &self,
        method: &'static str,
        status: u16,
        params: &HashMap<String, String>,
    ) -> ApiCall<'_> {
        let value = |here: &str| params.get(here).map(String::as_str).unwrap_or_default();
        let params: Vec<_> = self.params.iter().map(|(here, name)| (*name, value(here))).collect();
        ApiCall::new(method, status, self.route, &params)
    }
}
