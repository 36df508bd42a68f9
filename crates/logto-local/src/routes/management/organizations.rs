//! `/api/organizations`, with members.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text, texts, visible};
use crate::state::Shared;
use crate::store::Store;
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply};

const HIDDEN: [&str; 2] = ["applicationIds", "applicationRoles"];

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = {
        let store = tenant.store();
        let rows = store.directory.organizations.rows();
        rows.map(|one| Value::Object(visible(one, &HIDDEN))).collect()
    };
    paged(&tenant, &call, all)
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.check()?;
    let new = row(json!({
        "id": random::id(12)?, "name": body.get("name"),
        "description": body.get("description").unwrap_or(&Value::Null),
        "customData": body.get("customData").unwrap_or(&json!({})), "isMfaRequired": false,
        "color": {}, "branding": {}, "customCss": null, "createdAt": tenant.clock.millis(),
        "applicationIds": [], "applicationRoles": {},
    }));
    let shown = visible(&new, &HIDDEN);
    let answer = reply::json(StatusCode::CREATED, &shown);
    let mut store = tenant.store();
    store.directory.organizations.insert(new);
    let told = ApiCall::new("POST", 201, "/organizations", &[]).with_data(json!(shown));
    tell_of_call(&tenant, &store, "Organization.Created", told, json!({}));
    Ok(answer)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let found = visible(find_mut(&mut store, &id)?, &HIDDEN);
    Ok(reply::json(StatusCode::OK, &found))
}

/// Those who are members already stay members.
pub(super) async fn add_users(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let membership = store.membership_in(&id);
    let membership = membership.ok_or_else(|| Refused::not_found("organizations", &id))?;
    let users: Vec<&str> = texts(&body, "userIds").collect();
    let mut added = Vec::new();
    for &user_id in &users {
        let user = store.users.iter_mut().find(|user| user.id() == user_id);
        let user = user.ok_or_else(|| Refused::not_found("users", user_id))?;
        if user.memberships().iter().all(|one| one.id != id) {
            added.push(user_id);
        }
        user.join(membership.clone());
    }
    let told = ApiCall::new("POST", 201, "/organizations/:id/users", &[("id", &id)]);
    tell_of_members(&tenant, &store, told, &id, "addedUserIds", &added);
    Ok(reply::json(StatusCode::CREATED, &json!({ "userIds": users })))
}

/// The last of the roles counts: users of this tenant have one in each organization.
pub(super) async fn give_roles(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let roles = role_names(&store, &body)?;
    for user_id in texts(&body, "userIds") {
        let user = store.users.iter_mut().find(|user| user.id() == user_id);
        let user = user.ok_or_else(|| Refused::not_found("users", user_id))?;
        for role in &roles {
            user.take_role(&id, role);
        }
    }
    Ok(created())
}

pub(super) async fn add_applications(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let organization = find_mut(&mut store, &id)?;
    let mut added: Vec<&str> = texts(&body, "applicationIds").collect();
    added.retain(|app| texts(organization, "applicationIds").all(|known| known != *app));
    if let Some(Value::Array(known)) = organization.get_mut("applicationIds") {
        known.extend(added.iter().copied().map(Value::from));
    }
    let told = ApiCall::new("POST", 201, "/organizations/:id/applications", &[("id", &id)]);
    tell_of_members(&tenant, &store, told, &id, "addedApplicationIds", &added);
    Ok(created())
}

/// Those who were members before are not named.
fn tell_of_members(
    tenant: &Shared,
    store: &Store,
    call: ApiCall<'_>,
    organization: &str,
    list: &str,
    added: &[&str],
) {
    let more = match added {
        [] => json!({ "organizationId": organization }),
        _ => json!({ "organizationId": organization, (list): added }),
    };
    tell_of_call(tenant, store, "Organization.Membership.Updated", call, more);
}

pub(super) async fn give_roles_to_applications(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    role_names(&store, &body)?;
    let organization = find_mut(&mut store, &id)?;
    let roles: Vec<&str> = texts(&body, "organizationRoleIds").collect();
    if let Some(Value::Object(known)) = organization.get_mut("applicationRoles") {
        let given = texts(&body, "applicationIds").map(|app| (app.to_owned(), json!(roles)));
        known.extend(given);
    }
    Ok(created())
}

/// As the Management API shows it.
pub(super) fn shown(organization: &Row) -> Row {
    visible(organization, &HIDDEN)
}

fn find_mut<'a>(store: &'a mut Store, id: &str) -> Result<&'a mut Row, Refused> {
    let found = store.directory.organizations.get_mut(id);
    found.ok_or_else(|| Refused::not_found("organizations", id))
}

fn role_names(store: &Store, body: &Row) -> Result<Vec<String>, Refused> {
    let name = |id| {
        let role = store.directory.organization_roles.get(id);
        let role = role.ok_or_else(|| Refused::not_found("organization_roles", id))?;
        Ok(text(role, "name").to_owned())
    };
    texts(body, "organizationRoleIds").map(name).collect()
}

/// Logto answers these calls with the word, and says that it is text.
fn created() -> Response {
    reply::text(StatusCode::CREATED, "Created")
}
