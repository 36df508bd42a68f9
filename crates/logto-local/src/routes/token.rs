//! `/oidc/token`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::apps::AppKind;
use crate::call::Call;
use crate::problem::Problem;
use crate::reply;
use crate::routes::client_auth::authenticate;
use crate::state::{Shared, Tenant};
use crate::token::device::{self, DEVICE_CODE};
use crate::token::{code, exchange, machine, refresh};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

pub(crate) async fn token(State(tenant): State<Shared>, call: Call) -> Response {
    let response = match answer(&tenant, &call) {
        Ok(tokens) => reply::json(StatusCode::OK, &tokens),
        Err(problem) => problem.into_response(),
    };
    reply::no_store(response)
}

fn answer(tenant: &Tenant, call: &Call) -> Result<Value, Problem> {
    let mut store = tenant.store();
    let app = authenticate(tenant, &store, call)?;
    let (app_id, kind, exchanges) = (app.id.clone(), app.kind, app.may_exchange_tokens());
    let is_device_flow = app.is_device_flow();
    let grant_type = call.form.get("grant_type").ok_or_else(|| Problem::missing("grant_type"))?;
    match (grant_type, kind) {
        ("authorization_code", AppKind::Web | AppKind::Native | AppKind::Document) => {
            code::exchange(tenant, &mut store, &app_id, &call.form)
        }
        ("refresh_token", AppKind::Web | AppKind::Native | AppKind::Document) => {
            refresh::refresh(tenant, &mut store, &app_id, &call.form)
        }
        (DEVICE_CODE, _) if is_device_flow => device::poll(tenant, &mut store, &app_id, &call.form),
        ("client_credentials", AppKind::MachineToMachine) => {
            machine::client_credentials(tenant, &store, &app_id, &call.form)
        }
        (TOKEN_EXCHANGE, _) if exchanges => {
            exchange::exchange(tenant, &mut store, &app_id, &call.form)
        }
        (
            "authorization_code" | "refresh_token" | "client_credentials" | TOKEN_EXCHANGE
            | DEVICE_CODE,
            _,
        ) => Err(Problem::invalid_request("requested grant type is not allowed for this client")),
        _ => {
            let status = StatusCode::BAD_REQUEST;
            Err(Problem::new(status, "unsupported_grant_type", "unsupported grant_type requested"))
        }
    }
}
