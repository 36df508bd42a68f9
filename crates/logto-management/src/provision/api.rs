//! The API resource that the app asks for: permission, and a role for new users.

use super::change::Step;
use super::setup::Api;
use super::{Change, HuggingFaceSetup, Plan};
use crate::{Error, Management, NewResource, NewRole, Resource, RoleType, Scope};

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    let Some(api) = &setup.api else {
        return Ok(());
    };
    let Api { indicator, permission, role } = api;
    let resource = resource(management, indicator).await?;
    if resource.is_none() {
        let title = format!("create the API resource {indicator}");
        plan.changes.push(Change::new(title, Step::CreateResource(api.clone())));
    }
    let scope = match &resource {
        Some(resource) => scope(management, resource, permission).await?,
        None => None,
    };
    if scope.is_none() {
        let title = format!("add the permission {permission} to the API resource {indicator}");
        plan.changes.push(Change::new(title, Step::AddPermission(api.clone())));
    }
    let roles = management.roles().list_of(&RoleType::User).all().await?;
    match roles.iter().find(|one| one.name == *role) {
        None => {
            let title = format!("create the role {role}, which every new user gets");
            let mut change = Change::new(title, Step::CreateRole(api.clone()));
            change.sets("permission", permission);
            plan.changes.push(change);
        }
        Some(existing) => {
            let permissions = management.roles().scopes(&existing.id).all().await?;
            let has = scope.is_some_and(|scope| permissions.iter().any(|one| one.id == scope.id));
            if !has {
                let title = format!("add a permission to the role {role}");
                let mut change = Change::new(title, Step::ExtendRole(api.clone()));
                change.sets("permission", permission);
                plan.changes.push(change);
            }
        }
    }
    Ok(())
}

pub(super) async fn create_resource(management: &Management, api: &Api) -> Result<(), Error> {
    let new = NewResource::new(&api.indicator, &api.indicator);
    management.resources().create(&new).await.map(drop)
}

pub(super) async fn add_permission(management: &Management, api: &Api) -> Result<(), Error> {
    let Some(resource) = resource(management, &api.indicator).await? else {
        return Err(Error::new(crate::ErrorKind::InvalidResponse, "the API resource is gone"));
    };
    management.resources().add_scope(&resource.id, &api.permission, None).await.map(drop)
}

pub(super) async fn create_role(management: &Management, api: &Api) -> Result<(), Error> {
    let description = format!("May {} at {}", api.permission, api.indicator);
    let mut new = NewRole::new(&api.role, description, RoleType::User);
    new.is_default = true;
    new.scope_ids = vec![permission_id(management, api).await?];
    management.roles().create(&new).await.map(drop)
}

pub(super) async fn extend_role(management: &Management, api: &Api) -> Result<(), Error> {
    let permission = permission_id(management, api).await?;
    let roles = management.roles().list_of(&RoleType::User).all().await?;
    match roles.iter().find(|one| one.name == api.role) {
        Some(role) => management.roles().add_scopes(&role.id, &[&permission]).await,
        None => create_role(management, api).await,
    }
}

async fn permission_id(management: &Management, api: &Api) -> Result<String, Error> {
    let found = match resource(management, &api.indicator).await? {
        Some(resource) => scope(management, &resource, &api.permission).await?,
        None => None,
    };
    let missing =
        || Error::new(crate::ErrorKind::InvalidResponse, "the API resource has no such permission");
    found.map(|scope| scope.id).ok_or_else(missing)
}

async fn resource(management: &Management, indicator: &str) -> Result<Option<Resource>, Error> {
    let all = management.resources().list().all().await?;
    Ok(all.into_iter().find(|one| one.indicator == indicator))
}

async fn scope(
    management: &Management,
    resource: &Resource,
    name: &str,
) -> Result<Option<Scope>, Error> {
    let all = management.resources().scopes(&resource.id).all().await?;
    Ok(all.into_iter().find(|one| one.name == name))
}
