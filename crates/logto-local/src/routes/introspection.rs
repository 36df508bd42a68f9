//! `/oidc/token/introspection` (RFC 7662): any app of the tenant may ask about any token.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::call::Call;
use crate::problem::Problem;
use crate::reply;
use crate::routes::client_auth::authenticate;
use crate::state::{Shared, Tenant};
use crate::store::Authorized;

pub(crate) async fn introspect(State(tenant): State<Shared>, call: Call) -> Response {
    let response = match answer(&tenant, &call) {
        Ok(answer) => reply::json(StatusCode::OK, &answer),
        Err(problem) => problem.into_response(),
    };
    reply::no_store(response)
}

fn answer(tenant: &Tenant, call: &Call) -> Result<Value, Problem> {
    let store = tenant.store();
    authenticate(tenant, &store, call)?;
    let value = call.form.get("token").ok_or_else(|| Problem::missing("token"))?;
    refuse_jwt(
        value,
        "Structured JWT Tokens cannot be introspected via the introspection_endpoint",
    )?;
    let now = tenant.clock.seconds();
    let describe = |authorized: &Authorized, scope: String, issued: u64, expires: u64| {
        let sub = store.user(&authorized.user).map(|user| user.id().to_owned());
        let mut answer = json!({
            "active": true, "sub": sub, "client_id": authorized.app_id, "exp": expires, "iat": issued,
            "iss": tenant.issuer, "scope": scope,
        });
        if let (Some(answer), Some(sid)) = (answer.as_object_mut(), &authorized.sid) {
            answer.insert("sid".to_owned(), sid.as_str().into());
        }
        if let (Some(answer), Some(actor)) = (answer.as_object_mut(), &authorized.actor) {
            answer.insert("act".to_owned(), json!({ "sub": actor }));
        }
        answer
    };
    if let Some(token) = store.access_token(value, now) {
        let mut answer =
            describe(&token.authorized, token.scopes.join(" "), token.issued, token.expires);
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("token_type".to_owned(), "Bearer".into());
        }
        return Ok(answer);
    }
    if let Some(token) = store.refresh_token(value, now) {
        return Ok(describe(
            &token.authorized,
            token.authorized.scopes.join(" "),
            token.issued,
            token.expires,
        ));
    }
    Ok(json!({ "active": false }))
}

/// Both introspection and revocation want opaque tokens.
pub(crate) fn refuse_jwt(token: &str, description: &str) -> Result<(), Problem> {
    if token.split('.').count() == 3 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "unsupported_token_type", description));
    }
    Ok(())
}
