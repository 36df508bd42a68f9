//! `/api/roles`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Directory, Row, row, text, texts, visible};
use crate::state::Shared;
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply, time};

/// Which permissions a role gives is not shown with it.
const HIDDEN: [&str; 1] = ["scopeIds"];

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = {
        let store = tenant.store();
        let kind = call.query.get("type");
        let asked = |role: &&Row| kind.is_none_or(|kind| text(role, "type") == kind);
        let counted = |role: &Row| {
            let (id, name) = (text(role, "id"), text(role, "name"));
            let users = store.users.iter();
            let users = users.filter(|user| user.roles().iter().any(|role| role == name));
            let apps = store.apps.iter().filter(|app| app.roles.iter().any(|role| role == id));
            let mut shown = visible(role, &HIDDEN);
            shown.extend(row(json!({
                "usersCount": users.count(), "featuredUsers": [],
                "applicationsCount": apps.count(), "featuredApplications": [],
            })));
            Value::Object(shown)
        };
        store.directory.roles.rows().filter(asked).map(counted).collect()
    };
    paged(&tenant, &call, all)
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.text(&body, "description");
    issues.check()?;
    let name = text(&body, "name");
    let mut store = tenant.store();
    if store.directory.roles.find("name", name).is_some() {
        let message = format!("This role name {name} is already in use");
        return Err(Refused::unprocessable("role.name_in_use", message));
    }
    let new = row(json!({
        "id": random::id(21)?, "name": name, "description": body.get("description"),
        "type": body.get("type").unwrap_or(&json!("User")), "isDefault": body.get("isDefault").unwrap_or(&json!(false)),
        "scopeIds": body.get("scopeIds").unwrap_or(&json!([])),
    }));
    let shown = visible(&new, &HIDDEN);
    let answer = reply::json(StatusCode::OK, &shown);
    let told = ApiCall::new("POST", 200, "/roles", &[]);
    let created_at = time::iso(tenant.clock.millis());
    let given = given(&store.directory, &new);
    if !given.is_empty() {
        let call = told.clone().with_data(json!(given));
        let more = json!({ "createdAt": created_at, "roleId": text(&new, "id") });
        tell_of_call(&tenant, &store, "Role.Scopes.Updated", call, more);
    }
    let call = told.with_data(json!(shown));
    let more = json!({ "createdAt": created_at });
    tell_of_call(&tenant, &store, "Role.Created", call, more);
    store.directory.roles.insert(new);
    Ok(answer)
}

pub(super) async fn scopes(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let role = store.directory.roles.get(&id).ok_or_else(|| Refused::not_found("roles", &id))?;
    Ok(reply::json(StatusCode::OK, &given(&store.directory, role)))
}

/// The permissions that a role gives.
fn given(directory: &Directory, role: &Row) -> Vec<Row> {
    let scopes = texts(role, "scopeIds").filter_map(|id| directory.scopes.get(id));
    scopes.map(|scope| visible(scope, &[])).collect()
}

pub(super) async fn add_scopes(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.list(&body, &["scopeIds".into()]);
    issues.check()?;
    let mut store = tenant.store();
    let Directory { roles, scopes, .. } = &mut store.directory;
    if let Some(unknown) = texts(&body, "scopeIds").find(|id| scopes.get(id).is_none()) {
        return Err(Refused::not_found("scopes", unknown));
    }
    let role = roles.get_mut(&id).ok_or_else(|| Refused::not_found("roles", &id))?;
    let mut all: Vec<String> = texts(role, "scopeIds").map(str::to_owned).collect();
    all.extend(texts(&body, "scopeIds").map(str::to_owned));
    all.sort();
    all.dedup();
    role.insert("scopeIds".to_owned(), all.into());
    let role = role.clone();
    let given = given(&store.directory, &role);
    let told = ApiCall::new("POST", 201, "/roles/:id/scopes", &[("id", &id)]);
    let told = told.with_data(json!(given));
    tell_of_call(&tenant, &store, "Role.Scopes.Updated", told, json!({}));
    Ok(reply::json(StatusCode::CREATED, &given))
}

pub(super) async fn delete_scope(
    State(tenant): State<Shared>,
    Path((id, scope)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let role = store.directory.roles.get_mut(&id);
    let role = role.ok_or_else(|| Refused::not_found("roles", &id))?;
    let left: Vec<String> =
        texts(role, "scopeIds").filter(|one| *one != scope).map(str::to_owned).collect();
    role.insert("scopeIds".to_owned(), left.into());
    let params = [("id", &*id), ("scopeId", &*scope)];
    let told = ApiCall::new("DELETE", 204, "/roles/:id/scopes/:scopeId", &params);
    tell_of_call(&tenant, &store, "Role.Scopes.Updated", told, json!({}));
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The roles that a body names by `roleIds`.
pub(super) fn asked(directory: &Directory, body: &Row) -> Result<Vec<Row>, Refused> {
    let mut issues = Issues::default();
    issues.list(body, &["roleIds".into()]);
    issues.check()?;
    let find = |id| directory.roles.get(id).cloned().ok_or_else(|| Refused::not_found("roles", id));
    texts(body, "roleIds").map(find).collect()
}
