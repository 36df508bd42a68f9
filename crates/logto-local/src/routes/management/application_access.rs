//! The secrets and the roles of an application.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::applications::{find, find_mut};
use super::input::{self, Issues};
use super::refused::Refused;
use super::roles;
use crate::apps::{App, AppSecret};
use crate::call::Call;
use crate::directory::text;
use crate::state::Shared;
use crate::{random, reply};

pub(super) async fn secrets(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let app = find(&store, &id)?;
    let all: Vec<Value> = app.secrets.iter().map(|secret| shown(app, secret)).collect();
    Ok(reply::json(StatusCode::OK, &all))
}

pub(super) async fn add_secret(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.check()?;
    let secret = AppSecret {
        name: text(&body, "name").to_owned(),
        value: format!("local-{}", random::id(26)?),
        created_ms: tenant.clock.millis(),
        expires_ms: body.get("expiresAt").and_then(Value::as_u64),
    };
    let mut store = tenant.store();
    let app = find_mut(&mut store, &id)?;
    if app.secrets.iter().any(|one| one.name == secret.name) {
        let message = "Secret name already exists.";
        return Err(Refused::unprocessable("application.secret_name_exists", message));
    }
    let answer = shown(app, &secret);
    app.secrets.push(secret);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

pub(super) async fn delete_secret(
    State(tenant): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let app = find_mut(&mut store, &id)?;
    let before = app.secrets.len();
    app.secrets.retain(|secret| secret.name != name);
    if app.secrets.len() == before {
        let message = "The resource does not exist.";
        return Err(Refused::new(StatusCode::NOT_FOUND, "entity.not_found", message));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn add_roles(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let asked = roles::asked(&store.directory, &input::body(&call))?;
    if asked.iter().any(|role| text(role, "type") != "MachineToMachine") {
        let message = "Can not assign user type role to machine to machine application.";
        return Err(Refused::unprocessable("application.invalid_role_type", message));
    }
    let ids: Vec<String> = asked.iter().map(|role| text(role, "id").to_owned()).collect();
    let app = find_mut(&mut store, &id)?;
    let added: Vec<String> = ids.iter().filter(|id| !app.roles.contains(id)).cloned().collect();
    app.roles.extend(added.clone());
    let answer = json!({ "roleIds": ids, "addedRoleIds": added });
    Ok(reply::json(StatusCode::CREATED, &answer))
}

fn shown(app: &App, secret: &AppSecret) -> Value {
    json!({
        "tenantId": "default", "applicationId": app.id, "name": secret.name, "value": secret.value,
        "createdAt": secret.created_ms, "expiresAt": secret.expires_ms,
    })
}
