//! `/api/resources` and their permissions.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text, visible};
use crate::state::Shared;
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply};

pub(super) async fn list(State(tenant): State<Shared>) -> Response {
    let store = tenant.store();
    let all = store.directory.resources.rows().map(|one| visible(one, &[]));
    reply::json(StatusCode::OK, &all.collect::<Vec<_>>())
}

/// Whether an indicator is a URL does not matter to Logto.
pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.text(&body, "indicator");
    issues.check()?;
    let indicator = text(&body, "indicator");
    let mut store = tenant.store();
    if store.directory.permissions(indicator).is_some() {
        let message = format!("The API identifier {indicator} is already in use");
        return Err(Refused::unprocessable("resource.resource_identifier_in_use", message));
    }
    let new = row(json!({
        "id": random::id(21)?, "name": body.get("name"), "indicator": indicator, "isDefault": false,
        "accessTokenTtl": body.get("accessTokenTtl").unwrap_or(&json!(3600)),
    }));
    let mut answer = visible(&new, &[]);
    answer.insert("scopes".to_owned(), json!([]));
    store.directory.resources.insert(new);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if id == "management-api" {
        let message = "Cannot delete Logto Management API.";
        return Err(Refused::bad_request("resource.cannot_delete_management_api", message));
    }
    let mut store = tenant.store();
    if !store.directory.resources.remove(&id) {
        return Err(Refused::not_found("resources", &id));
    }
    store.directory.scopes.remove_where("resourceId", &id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn scopes(State(tenant): State<Shared>, Path(id): Path<String>) -> Response {
    let store = tenant.store();
    let of_it = |scope: &&Row| text(scope, "resourceId") == id;
    let all = store.directory.scopes.rows().filter(of_it);
    let all: Vec<Row> = all.map(|scope| visible(scope, &[])).collect();
    reply::json(StatusCode::OK, &all)
}

pub(super) async fn add_scope(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.check()?;
    let name = text(&body, "name");
    if name.contains(' ') {
        let message = "The name of the scope cannot contain any spaces.";
        return Err(Refused::bad_request("scope.name_with_space", message));
    }
    let mut store = tenant.store();
    if store.directory.resources.get(&id).is_none() {
        return Err(Refused::not_found("resources", &id));
    }
    let same = |scope: &Row| text(scope, "resourceId") == id && text(scope, "name") == name;
    if store.directory.scopes.rows().any(same) {
        let message = format!("The scope name {name} is already in use");
        return Err(Refused::unprocessable("scope.name_exists", message));
    }
    let new = row(json!({
        "id": random::id(21)?, "resourceId": id, "name": name,
        "description": body.get("description").unwrap_or(&Value::Null), "createdAt": tenant.clock.millis(),
    }));
    let answer = visible(&new, &[]);
    store.directory.scopes.insert(new);
    let told = ApiCall::new("POST", 201, "/resources/:resourceId/scopes", &[("resourceId", &id)])
        .with_data(json!(answer));
    tell_of_call(&tenant, &store, "Scope.Created", told, json!({}));
    Ok(reply::json(StatusCode::CREATED, &answer))
}
