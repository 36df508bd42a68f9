//! `/api/.well-known/sign-in-exp`: the public part of the sign-in experience.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use crate::directory::{Connector, Directory, factory};
use crate::reply;
use crate::state::Shared;

/// Of a connector, what draws its button.
const SHOWN: [&str; 5] = ["target", "name", "logo", "logoDark", "platform"];

pub(crate) async fn settings(State(tenant): State<Shared>) -> Response {
    let store = tenant.store();
    let mut settings = store.directory.sign_in_experience.clone();
    settings.insert("socialConnectors".to_owned(), buttons(&store.directory));
    reply::json(StatusCode::OK, &settings)
}

fn buttons(directory: &Directory) -> Value {
    let targets = directory.sign_in_experience.get("socialSignInConnectorTargets");
    let targets = targets.and_then(Value::as_array).into_iter().flatten();
    let connectors = targets.filter_map(|target| directory.button(target.as_str()?));
    connectors.map(button).collect()
}

fn button(connector: &Connector) -> Value {
    let mut shown = factory(&connector.factory).cloned().unwrap_or_default();
    shown.extend(connector.metadata.clone());
    let mut button: Map<String, Value> =
        shown.into_iter().filter(|(name, _)| SHOWN.contains(&name.as_str())).collect();
    button.insert("id".to_owned(), connector.id.as_str().into());
    Value::Object(button)
}
