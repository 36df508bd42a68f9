//! Signing keys, claims of ID tokens, and the account center.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::input::{self, Issues};
use super::refused::Refused;
use crate::call::Call;
use crate::directory::text;
use crate::keys::SigningAlgorithm;
use crate::reply;
use crate::state::Shared;

pub(super) async fn keys(State(tenant): State<Shared>) -> Response {
    reply::json(StatusCode::OK, &tenant.store().keys.described())
}

pub(super) async fn rotate_key(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let algorithm = match text(&body, "signingKeyAlgorithm") {
        "RSA" => SigningAlgorithm::Rs256,
        _ => SigningAlgorithm::Es384,
    };
    let mut store = tenant.store();
    store.keys.rotate(algorithm, tenant.clock.seconds())?;
    // Logto keeps one key of the past.
    store.keys.keep(2);
    Ok(reply::json(StatusCode::OK, &store.keys.described()))
}

pub(super) async fn delete_key(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    if store.keys.remove(&id) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let message = "Only a previous key can be deleted.";
    Err(Refused::unprocessable("oidc.only_previous_key_can_be_deleted", message))
}

pub(super) async fn id_token(State(tenant): State<Shared>) -> Response {
    reply::json(StatusCode::OK, &tenant.store().directory.id_token_claims)
}

pub(super) async fn set_id_token(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.list(&body, &["enabledExtendedClaims".into()]);
    issues.check()?;
    tenant.store().directory.id_token_claims = body;
    Ok(id_token(State(tenant)).await)
}

pub(super) async fn account_center(State(tenant): State<Shared>) -> Response {
    reply::json(StatusCode::OK, &tenant.store().directory.account_center)
}

pub(super) async fn update_account_center(State(tenant): State<Shared>, call: Call) -> Response {
    tenant.store().directory.account_center.extend(input::body(&call));
    account_center(State(tenant)).await
}
