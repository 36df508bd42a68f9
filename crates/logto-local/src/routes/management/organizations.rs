//! `/api/organizations`, with members.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
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
    let told = ApiCall {
        method: "POST",
        path: "/organizations".to_owned(),
        route: "/organizations",
        status: 201,
        params: json!({}),
        data: Some(Value::Object(shown)),
    };
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

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    if !store.directory.organizations.remove(&id) {
        return Err(Refused::not_found("organizations", &id));
    }
    for person in &mut store.people {
        person.leave(&id);
    }
    let told = ApiCall {
        method: "DELETE",
        path: format!("/organizations/{id}"),
        route: "/organizations/:id",
        status: 204,
        params: json!({ "id": id }),
        data: None,
    };
    tell_of_call(&tenant, &store, "Organization.Deleted", told, json!({}));
    Ok(StatusCode::NO_CONTENT.into_response())
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
    for user in &users {
        let person = store.people.iter_mut().find(|person| person.id() == *user);
        person.ok_or_else(|| Refused::not_found("users", user))?.join(membership.clone());
    }
    let told = ApiCall {
        method: "POST",
        path: format!("/organizations/{id}/users"),
        route: "/organizations/:id/users",
        status: 201,
        params: json!({ "id": id }),
        data: None,
    };
    let more = json!({ "organizationId": id, "addedUserIds": users });
    tell_of_call(&tenant, &store, "Organization.Membership.Updated", told, more);
    Ok(reply::json(StatusCode::CREATED, &json!({ "userIds": users })))
}

/// The last of the roles counts: people of this tenant have one in each organization.
pub(super) async fn give_roles(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let roles = role_names(&store, &body)?;
    for user in texts(&body, "userIds") {
        let person = store.people.iter_mut().find(|person| person.id() == user);
        let person = person.ok_or_else(|| Refused::not_found("users", user))?;
        for role in &roles {
            person.take_role(&id, role);
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
    if let Some(Value::Array(known)) = organization.get_mut("applicationIds") {
        known.extend(texts(&body, "applicationIds").map(Value::from));
    }
    Ok(created())
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
