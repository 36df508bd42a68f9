//! `/oidc/me`, the userinfo endpoint.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::call::Call;
use crate::problem::Problem;
use crate::reply;
use crate::state::{Shared, Tenant};
use crate::token::claims;

pub(crate) async fn userinfo(State(tenant): State<Shared>, call: Call) -> Response {
    let response = match answer(&tenant, &call) {
        Ok(claims) => reply::json(StatusCode::OK, &claims),
        Err(problem) => problem.into_response(),
    };
    reply::no_store(response)
}

/// Takes only an opaque access token with `openid`.
fn answer(tenant: &Tenant, call: &Call) -> Result<Value, Problem> {
    let token = presented(tenant, call)?;
    let store = tenant.store();
    let invalid = || {
        let problem =
            Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", "invalid token provided");
        problem.challenged("Bearer", &tenant.issuer)
    };
    let token = store.access_token(&token, tenant.clock.seconds()).ok_or_else(invalid)?;
    if !token.scopes.iter().any(|scope| scope == "openid") {
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "access token missing openid scope",
        );
        return Err(problem.with_scope("openid").challenged("Bearer", &tenant.issuer));
    }
    let user = store.user(&token.authorized.user).ok_or_else(invalid)?;
    Ok(claims::userinfo(tenant, &store, user, &token.scopes))
}

fn presented(tenant: &Tenant, call: &Call) -> Result<String, Problem> {
    let refuse = |description: &str| {
        Err(Problem::invalid_request(description).challenged("Bearer", &tenant.issuer))
    };
    if call.query.get("access_token").is_some() {
        return refuse("access tokens must not be provided via query parameter");
    }
    let in_form = call.form.get("access_token").filter(|_| call.method == Method::POST);
    let in_header = call.header("authorization").map(|value| value.split_once(' '));
    match (in_header, in_form) {
        (Some(_), Some(_)) => refuse("access token must only be provided using one mechanism"),
        (Some(Some((scheme, token))), None) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(token.to_owned())
        }
        (Some(_), None) => refuse("authorization header value scheme must be `Bearer`"),
        (None, Some(token)) => Ok(token.to_owned()),
        (None, None) => {
            let problem =
                Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", "no access token provided");
            Err(problem.with_challenge(format!(r#"Bearer realm="{}""#, tenant.issuer)))
        }
    }
}
