//! `/api/one-time-tokens`: what magic links are made of.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text, visible};
use crate::state::{Shared, Tenant};
use crate::{random, reply};

/// How long a token lasts if the call does not say, in seconds.
const LIFE: u64 = 600;

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "email");
    issues.at_least(body.get("expiresIn"), &["expiresIn".into()], 1);
    issues.check()?;
    let now = tenant.clock.millis();
    let life = body.get("expiresIn").and_then(Value::as_u64).unwrap_or(LIFE);
    let token = row(json!({
        "id": random::id(21)?, "email": body.get("email"), "token": random::id(32)?,
        "context": body.get("context").unwrap_or(&json!({})), "status": "active", "createdAt": now,
        "expiresAt": now + life * 1000,
    }));
    let answer = reply::json(StatusCode::CREATED, &visible(&token, &[]));
    tenant.store().directory.one_time_tokens.insert(token);
    Ok(answer)
}

/// The newest first.
pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = {
        let store = tenant.store();
        let shown = store.directory.one_time_tokens.rows().rev().map(|row| shown(&tenant, row));
        let wanted = |row: &Row| {
            ["email", "status"]
                .iter()
                .all(|name| call.query.get(name).is_none_or(|value| text(row, name) == value))
        };
        shown.filter(wanted).map(Value::Object).collect()
    };
    paged(&tenant, &call, all)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let found = store.directory.one_time_tokens.get(&id).ok_or_else(|| not_found(&id))?;
    Ok(reply::json(StatusCode::OK, &shown(&tenant, found)))
}

/// Spends it.
pub(super) async fn verify(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let spent = spend(&tenant, text(&body, "email"), text(&body, "token"))?;
    Ok(reply::json(StatusCode::OK, &visible(&spent, &[])))
}

pub(super) async fn set_status(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let found = store.directory.one_time_tokens.get_mut(&id).ok_or_else(|| not_found(&id))?;
    if text(&body, "status") == "active" {
        let message = "Cannot reactivate the token.";
        return Err(Refused::bad_request("one_time_token.cannot_reactivate_token", message));
    }
    found.insert("status".to_owned(), text(&body, "status").into());
    Ok(reply::json(StatusCode::OK, &visible(found, &[])))
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    match tenant.store().directory.one_time_tokens.remove(&id) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(not_found(&id)),
    }
}

/// A token that is good for an address, which it is only once.
pub(crate) fn spend(tenant: &Tenant, email: &str, token: &str) -> Result<Row, Refused> {
    let mut store = tenant.store();
    let refuse = |code, message: &str| Err(Refused::bad_request(code, message));
    let Some(found) = store.directory.one_time_tokens.find("token", token) else {
        let message = format!("Token {token} not found.");
        return Err(Refused::new(StatusCode::NOT_FOUND, "one_time_token.token_not_found", message));
    };
    let known = shown(tenant, found);
    if text(&known, "email") != email {
        return refuse("one_time_token.email_mismatch", "Email mismatch with given token.");
    }
    match text(&known, "status") {
        "consumed" => refuse("one_time_token.token_consumed", "The token has been consumed."),
        "revoked" => refuse("one_time_token.token_revoked", "The token has been revoked."),
        "expired" => refuse("one_time_token.token_expired", "The token is expired."),
        _ => {
            let id = text(&known, "id").to_owned();
            let found = store.directory.one_time_tokens.get_mut(&id);
            let found = found.ok_or_else(|| not_found(&id))?;
            found.insert("status".to_owned(), "consumed".into());
            Ok(found.clone())
        }
    }
}

fn shown(tenant: &Tenant, token: &Row) -> Row {
    let mut shown = visible(token, &[]);
    let ends = token.get("expiresAt").and_then(Value::as_u64);
    if text(token, "status") == "active" && ends.is_some_and(|ends| ends <= tenant.clock.millis()) {
        shown.insert("status".to_owned(), "expired".into());
    }
    shown
}

fn not_found(id: &str) -> Refused {
    Refused::not_found("one_time_tokens", id)
}
