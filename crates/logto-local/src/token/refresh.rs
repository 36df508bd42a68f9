//! `grant_type=refresh_token`.

use axum::http::StatusCode;
use serde_json::Value;

use crate::apps::{App, AppKind};
use crate::call::Params;
use crate::problem::Problem;
use crate::random;
use crate::scopes::ORGANIZATIONS_SCOPE;
use crate::state::Tenant;
use crate::store::{Authorized, REFRESH_TOKEN_LIFE, REUSE_WINDOW_MS, RefreshToken, Store};
use crate::token::issue::{self, Wanted};

pub(crate) fn refresh(
    tenant: &Tenant,
    store: &mut Store,
    app_id: &str,
    form: &Params,
) -> Result<Value, Problem> {
    let value = form.get("refresh_token").ok_or_else(|| Problem::missing("refresh_token"))?;
    let found = store.refresh_token(value, tenant.clock.seconds()).cloned();
    let token = found
        .filter(|token| token.authorized.app_id == app_id)
        .ok_or_else(Problem::invalid_grant)?;
    let authorized = &token.authorized;

    let replayed = |consumed| tenant.clock.millis() > consumed + REUSE_WINDOW_MS;
    if token.consumed_ms.is_some_and(replayed) {
        store.revoke_grant(&authorized.grant_id);
        return Err(Problem::invalid_grant());
    }
    let scopes = narrowed(authorized, form.get("scope"))?;
    let organization = form.get("organization_id");
    check_organization(store, authorized, organization)?;
    // As in Logto, the token is consumed before the resource is looked at.
    let refresh_token = rotate_if_due(tenant, store, value, &token)?;
    let resource = issue::single_resource(authorized, &form.resources())?;
    let wanted = Wanted { scopes, resource, organization: organization.map(str::to_owned) };
    issue::tokens(tenant, store, authorized, &wanted, Some(refresh_token))
}

fn narrowed(authorized: &Authorized, asked: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(asked) = asked else {
        return Ok(authorized.scopes.clone());
    };
    let missing: Vec<&str> =
        asked.split_whitespace().filter(|scope| !authorized.has(scope)).collect();
    if missing.is_empty() {
        return Ok(asked.split_whitespace().map(str::to_owned).collect());
    }
    let description = "refresh token missing requested scope";
    Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
        .with_scope(missing.join(" ")))
}

fn check_organization(
    store: &Store,
    authorized: &Authorized,
    organization: Option<&str>,
) -> Result<(), Problem> {
    let Some(organization) = organization else {
        return Ok(());
    };
    if store.app(&authorized.app_id).is_some_and(|app| app.kind == AppKind::Document) {
        return Err(Problem::access_denied(
            "organization access is not granted to the application",
        ));
    }
    if !authorized.has(ORGANIZATIONS_SCOPE) {
        let description = "refresh token missing required scope";
        return Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", description)
            .with_scope(ORGANIZATIONS_SCOPE));
    }
    let user = store.user(&authorized.user);
    issue::check_membership(user.ok_or_else(Problem::invalid_grant)?, organization)
}

/// A confidential app keeps its refresh token until 70 % of the life has ended, a public one never
/// does; from then on every use gives a new one and starts, or slides, the reuse window of the old.
fn rotate_if_due(
    tenant: &Tenant,
    store: &mut Store,
    value: &str,
    token: &RefreshToken,
) -> Result<String, Problem> {
    let now = tenant.clock.seconds();
    let app = store.app(&token.authorized.app_id);
    let old_enough = app.is_some_and(App::is_public)
        || now.saturating_sub(token.issued) * 10 >= REFRESH_TOKEN_LIFE * 7;
    if !old_enough {
        return Ok(value.to_owned());
    }
    if let Some(old) = store.refresh_tokens.get_mut(value) {
        old.consumed_ms = Some(tenant.clock.millis());
    }
    let rotated = RefreshToken {
        issued: now,
        expires: now + REFRESH_TOKEN_LIFE,
        consumed_ms: None,
        ..token.clone()
    };
    let fresh = random::token()?;
    store.refresh_tokens.insert(fresh.clone(), rotated);
    Ok(fresh)
}
