//! The tokens of linked accounts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Caller;
use super::identities::proof;
use crate::call::Call;
use crate::directory::{HUGGING_FACE, text};
use crate::reply;
use crate::routes::hugging_face::keep_token;
use crate::routes::management::input;
use crate::routes::management::refused::Refused;
use crate::state::Shared;
use crate::store::Store;

/// `/api/my-account/identities/:target/access-token`
pub(super) async fn linked(
    State(tenant): State<Shared>,
    Path(target): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = permitted(&tenant, &store, &call)?;
    kept_token(&tenant, &mut store, &caller.user, Some(&target))
}

/// `/api/my-account/sso-identities/:connectorId/access-token`. A local tenant has no enterprise
/// connectors.
pub(super) async fn sso(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = permitted(&tenant, &store, &call)?;
    kept_token(&tenant, &mut store, &caller.user, None)
}

/// Keeps the token that a new trip to the same account brought.
pub(super) async fn renew(
    State(tenant): State<Shared>,
    Path(target): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = permitted(&tenant, &store, &call)?;
    let body = input::body(&call);
    let proof = proof(&tenant, &store, &caller, text(&body, "verificationRecordId"))?;
    if target != HUGGING_FACE {
        let code = "verification_record.social_verification.invalid_target";
        return Err(Refused::unprocessable(code, "Invalid target."));
    }
    if store.hugging_face_of(&caller.user).as_ref() != Some(&proof.account) {
        let code = "user.identity_not_exists_in_current_user";
        let message = "The specified identity does not exist in the current user account.";
        return Err(Refused::unprocessable(code, message));
    }
    if !keep_token(&mut store, &caller.user, proof, tenant.clock.seconds()) {
        let code = "verification_record.social_verification.token_response_not_found";
        let message = "Token response not found. Please check that token storage is supported and enabled \
             for the social connector.";
        return Err(Refused::unprocessable(code, message));
    }
    kept_token(&tenant, &mut store, &caller.user, Some(&target))
}

fn permitted(tenant: &Shared, store: &Store, call: &Call) -> Result<Caller, Refused> {
    let caller = Caller::new(tenant, store, call)?;
    match caller.has("openid") && caller.has("identities") {
        true => Ok(caller),
        false => Err(Refused::forbidden()),
    }
}

fn kept_token(
    tenant: &Shared,
    store: &mut Store,
    user: &str,
    target: Option<&str>,
) -> Result<Response, Refused> {
    let now = tenant.clock.seconds();
    let mut connectors = store.directory.connectors.iter();
    let kept = connectors
        .find(|connector| Some(connector.target()) == target)
        .and_then(|connector| store.vault.get(user, &connector.id))
        .ok_or_else(|| {
            let code = "secrets.third_party_token_set.token_not_found";
            Refused::new(StatusCode::NOT_FOUND, code, "Token record not found.")
        })?;
    // Logto has no leeway either. There is no refresh token to renew it with.
    if kept.expires <= now {
        store.vault.forget(user);
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
