//! Client ID metadata documents: the switch, and what such clients may ask for.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Directory, text, texts};
use crate::reply;
use crate::state::Shared;

pub(super) async fn switch(State(tenant): State<Shared>) -> Response {
    let enabled = tenant.store().documents.enabled;
    reply::json(StatusCode::OK, &json!({ "enabled": enabled }))
}

pub(super) async fn set_switch(State(tenant): State<Shared>, call: Call) -> Response {
    if let Some(Value::Bool(enabled)) = input::body(&call).get("enabled") {
        tenant.store().documents.enabled = *enabled;
    }
    switch(State(tenant)).await
}

pub(super) async fn ceiling(State(tenant): State<Shared>) -> Response {
    let store = tenant.store();
    let documents = &store.documents;
    reply::json(
        StatusCode::OK,
        &json!({
            "organizationScopes": [],
            "resourceScopes": by_resource(&store.directory, &documents.resource_scopes),
            "organizationResourceScopes": [],
            "userScopes": documents.user_scopes,
        }),
    )
}

fn by_resource(directory: &Directory, ids: &BTreeSet<String>) -> Vec<Value> {
    let with_scopes = directory.resources.rows().map(|resource| {
        let mine = directory.scopes.rows().filter(|scope| {
            ids.contains(text(scope, "id")) && text(scope, "resourceId") == text(resource, "id")
        });
        let member = |row, name| text(row, name).to_owned();
        let scopes: Vec<_> = mine
            .map(|scope| {
                json!({
                    "id": member(scope, "id"), "name": member(scope, "name"),
                    "description": member(scope, "description"),
                })
            })
            .collect();
        let resource = json!({
            "id": member(resource, "id"), "name": member(resource, "name"),
            "indicator": member(resource, "indicator"),
        });
        (resource, scopes)
    });
    let some = with_scopes.filter(|(_, scopes)| !scopes.is_empty());
    some.map(|(resource, scopes)| json!({ "resource": resource, "scopes": scopes })).collect()
}

pub(super) async fn raise(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let list = |name| texts(&body, name).map(str::to_owned).collect::<Vec<_>>();
    let (users, resources) = (list("userScopes"), list("resourceScopes"));
    let mut store = tenant.store();
    let directory = &store.directory;
    let unknown: Vec<_> =
        resources.iter().filter(|id| directory.scopes.get(id).is_none()).cloned().collect();
    if !unknown.is_empty() {
        let code = "application.user_consent_scopes_not_found";
        return Err(Refused::unprocessable(code, "Invalid user consent scopes.").with_data(
            json!({
                "invalidOrganizationScopes": [],
                "invalidResourceScopes": unknown,
                "invalidOrganizationResourceScopes": [],
            }),
        ));
    }
    store.documents.user_scopes.extend(users);
    store.documents.resource_scopes.extend(resources);
    Ok(reply::text(StatusCode::CREATED, "Created"))
}

pub(super) async fn lower(
    State(tenant): State<Shared>,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    let documents = &mut tenant.store().documents;
    let had = match kind.as_str() {
        "user-scopes" => documents.user_scopes.remove(&id),
        "resource-scopes" => documents.resource_scopes.remove(&id),
        _ => false,
    };
    let status = if had { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    status.into_response()
}
