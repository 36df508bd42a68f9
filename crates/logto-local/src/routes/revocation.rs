//! `/oidc/token/revocation` (RFC 7009).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::call::Call;
use crate::problem::Problem;
use crate::reply;
use crate::routes::client_auth::authenticate;
use crate::routes::introspection::refuse_jwt;
use crate::state::Shared;

/// Either kind of token revokes the whole grant. An unknown token is a success.
pub(crate) async fn revoke(State(tenant): State<Shared>, call: Call) -> Result<Response, Problem> {
    let mut store = tenant.store();
    let app_id = authenticate(&tenant, &store, &call)?.id.clone();
    let value = call.form.get("token").ok_or_else(|| Problem::missing("token"))?;
    refuse_jwt(value, "Structured JWT Tokens cannot be revoked via the revocation_endpoint")?;
    let access = store.access_tokens.get(value).map(|token| &token.authorized);
    let authorized =
        access.or_else(|| store.refresh_tokens.get(value).map(|token| &token.authorized));
    if let Some(authorized) = authorized {
        if authorized.app_id != app_id {
            return Err(Problem::invalid_request(
                "client is not authorized to revoke the presented token",
            ));
        }
        let grant_id = authorized.grant_id.clone();
        store.revoke_grant(&grant_id);
    }
    Ok(reply::text(StatusCode::OK, ""))
}
