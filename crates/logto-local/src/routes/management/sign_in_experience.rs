//! `/api/sign-in-exp`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::input;
use super::refused::Refused;
use crate::call::Call;
use crate::reply;
use crate::state::Shared;

pub(super) async fn read(State(tenant): State<Shared>) -> Response {
    reply::json(StatusCode::OK, &tenant.store().directory.sign_in_experience)
}

/// Each member that is there replaces what was, as a whole. Targets without a connector are left
/// out without a word.
pub(super) async fn update(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let identifiers = body.get("signUp").and_then(|sign_up| sign_up.get("identifiers"));
    for (identifier, kind) in [("email", "Email"), ("phone", "SMS")] {
        let asked = |list: &Value| {
            list.as_array().is_some_and(|list| list.iter().any(|one| one == identifier))
        };
        // This tenant has no connector that sends messages.
        if identifiers.is_some_and(asked) {
            let message = format!("Enabled {kind} connector not found.");
            let code = "sign_in_experiences.enabled_connector_not_found";
            return Err(Refused::bad_request(code, message));
        }
    }
    let targets: Vec<String> = {
        let connectors = store.directory.connectors.iter();
        connectors.map(|one| one.target().to_owned()).collect()
    };
    let now = &mut store.directory.sign_in_experience;
    for (member, mut value) in body {
        if let ("socialSignInConnectorTargets", Some(list)) =
            (member.as_str(), value.as_array_mut())
        {
            list.retain(|one| targets.iter().any(|target| one == target));
        }
        if let Some(known) = now.get_mut(&member) {
            *known = value;
        }
    }
    Ok(reply::json(StatusCode::OK, now))
}
