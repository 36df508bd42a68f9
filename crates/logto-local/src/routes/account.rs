//! The Account API: the token of a linked account.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::management::access::bearer;
use super::management::refused::Refused;
use crate::call::Call;
use crate::reply;
use crate::state::Shared;

/// `/api/my-account/identities/:target/access-token`
pub(super) async fn linked_token(
    State(tenant): State<Shared>,
    Path(target): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    kept_token(&tenant, &call, Some(&target))
}

/// `/api/my-account/sso-identities/:connectorId/access-token`. A local tenant has no enterprise
/// connectors.
pub(super) async fn sso_token(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    kept_token(&tenant, &call, None)
}

fn kept_token(tenant: &Shared, call: &Call, target: Option<&str>) -> Result<Response, Refused> {
    let now = tenant.clock.seconds();
    let mut store = tenant.store();
    let token = store
        .access_token(bearer(call.header("authorization"))?, now)
        .ok_or_else(Refused::unauthorized)?;
    let has = |scope: &str| token.scopes.iter().any(|one| one == scope);
    let (person, permitted) = (token.authorized.person.clone(), has("openid") && has("identities"));
    if store.directory.account_center.get("enabled") != Some(&Value::Bool(true)) {
        let message = "Account center is not enabled.";
        return Err(Refused::bad_request("account_center.not_enabled", message));
    }
    if !permitted {
        return Err(Refused::forbidden());
    }
    let mut connectors = store.directory.connectors.iter();
    let kept = connectors
        .find(|connector| Some(connector.target()) == target)
        .and_then(|connector| store.vault.of(&person, &connector.id))
        .ok_or_else(|| {
            let code = "secrets.third_party_token_set.token_not_found";
            Refused::new(StatusCode::NOT_FOUND, code, "Token record not found.")
        })?;
    // Logto has no leeway either. There is no refresh token to renew it with.
    if kept.expires <= now {
        store.vault.forget(&person);
        let code = "secrets.third_party_token_set.access_token_expired";
        let message = "The access token has expired. Please reconnect your account.";
        return Err(Refused::new(StatusCode::UNAUTHORIZED, code, message));
    }
    let answer = json!({
        "access_token": kept.token, "scope": kept.scope, "token_type": "bearer",
        "expires_in": kept.expires - now,
    });
    Ok(reply::json(StatusCode::OK, &answer))
}
