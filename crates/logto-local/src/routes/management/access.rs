//! Authorization of Management API requests.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refused::Refused;
use crate::call::Call;
use crate::scopes::MANAGEMENT;
use crate::state::{Shared, Tenant};

pub(super) async fn check(State(tenant): State<Shared>, request: Request, next: Next) -> Response {
    let authorization =
        request.extensions().get::<Call>().and_then(|call| call.header("authorization"));
    match verify(&tenant, authorization) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

/// The token of an `Authorization` header; the scheme is `Bearer`, written just so.
pub(crate) fn bearer(authorization: Option<&str>) -> Result<&str, Refused> {
    let refuse = |code, message| Refused::new(StatusCode::UNAUTHORIZED, code, message);
    let authorization = authorization.ok_or_else(|| {
        let message = "Authorization header is missing.";
        refuse("auth.authorization_header_missing", message)
    })?;
    authorization.strip_prefix("Bearer ").ok_or_else(|| {
        let message = "Authorization type is not supported.";
        refuse("auth.authorization_token_type_not_supported", message)
            .with_data(json!({ "supportedTypes": ["Bearer"] }))
    })
}

fn verify(tenant: &Tenant, authorization: Option<&str>) -> Result<(), Refused> {
    let token = bearer(authorization)?;
    let unauthorized = |why: Value| Refused::unauthorized().with_data(why);
    let claims =
        tenant.store().keys.verify_with_any(token).map_err(|_| {
            unauthorized(json!({ "code": "ERR_JWS_INVALID", "name": "JWSInvalid" }))
        })?;
    let failed = |claim: &str, code: &str, name: &str| {
        unauthorized(json!({
            "code": code, "name": name, "claim": claim, "reason": "check_failed", "payload": claims,
        }))
    };
    if claims.get("exp").and_then(Value::as_u64) <= Some(tenant.clock.seconds()) {
        return Err(failed("exp", "ERR_JWT_EXPIRED", "JWTExpired"));
    }
    if claims.get("aud").and_then(Value::as_str) != Some(MANAGEMENT) {
        let code = "ERR_JWT_CLAIM_VALIDATION_FAILED";
        return Err(failed("aud", code, "JWTClaimValidationFailed"));
    }
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    if scope.split(' ').any(|scope| scope == "all") {
        return Ok(());
    }
    Err(Refused::forbidden())
}
