//! `/api/connectors` and `/api/connector-factories`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::connector_input::{check_config, check_new, check_storage};
use super::input;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{self, Connector, Directory, Row, factory, row, text};
use crate::state::Shared;
use crate::{random, reply};

pub(super) async fn factories() -> Response {
    reply::json(StatusCode::OK, &directory::factories())
}

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Response {
    let store = tenant.store();
    let target = call.query.get("target");
    let of_target = |one: &&Connector| target.is_none_or(|target| one.target() == target);
    let all = store.directory.connectors.iter().filter(of_target);
    reply::json(StatusCode::OK, &all.map(Connector::json).collect::<Vec<_>>())
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    check_new(&store.directory, &body)?;
    let mut connector = Connector {
        id: match text(&body, "id") {
            "" => random::id(12)?,
            id => id.to_owned(),
        },
        factory: text(&body, "connectorId").to_owned(),
        config: Row::new(),
        metadata: Row::new(),
        sync_profile: false,
        token_storage: false,
    };
    change(&mut connector, body);
    let answer = reply::json(StatusCode::OK, &connector.json());
    store.directory.connectors.push(connector);
    Ok(answer)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let found = store.directory.connectors.iter().find(|one| one.id == id);
    let found = found.ok_or_else(|| not_found(&id))?;
    Ok(reply::json(StatusCode::OK, &found.json()))
}

pub(super) async fn update(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let vault = store.directory.secret_vault;
    let connector = find_mut(&mut store.directory, &id)?;
    if let Some(factory) = factory(&connector.factory) {
        check_storage(vault, factory, &body)?;
        if let Some(config) = body.get("config") {
            check_config(factory, &row(config.clone()))?;
        }
    }
    change(connector, body);
    let (answer, keeps_tokens) = (connector.json(), connector.token_storage);
    if !keeps_tokens {
        store.vault.forget_connector(&id);
    }
    Ok(reply::json(StatusCode::OK, &answer))
}

/// Takes the button away too, and the tokens that came through it.
pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    store.vault.forget_connector(&id);
    let directory = &mut store.directory;
    let target = find_mut(directory, &id)?.target().to_owned();
    directory.connectors.retain(|one| one.id != id);
    let buttons = directory.sign_in_experience.get_mut("socialSignInConnectorTargets");
    if let Some(buttons) = buttons.and_then(Value::as_array_mut) {
        buttons.retain(|one| *one != target);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn change(connector: &mut Connector, mut body: Row) {
    if let Some(config) = body.remove("config") {
        connector.config = row(config);
    }
    if let Some(metadata) = body.remove("metadata") {
        connector.metadata = row(metadata);
    }
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    connector.sync_profile = flag("syncProfile").unwrap_or(connector.sync_profile);
    connector.token_storage = flag("enableTokenStorage").unwrap_or(connector.token_storage);
}

fn find_mut<'a>(directory: &'a mut Directory, id: &str) -> Result<&'a mut Connector, Refused> {
    let found = directory.connectors.iter_mut().find(|one| one.id == id);
    found.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Refused {
    let message = format!("Resource with connectorId {id} not found.");
    Refused::new(StatusCode::NOT_FOUND, "entity.not_found", message)
}
