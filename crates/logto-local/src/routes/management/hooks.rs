//! `/api/hooks`: webhooks, test deliveries, and the log of deliveries.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text, texts, visible};
use crate::state::Shared;
use crate::webhooks::{self, EVENTS};
use crate::{random, reply};

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let with_stats = call.query.get("includeExecutionStats") == Some("true");
    let all = {
        let store = tenant.store();
        let shown = store.directory.hooks.rows().rev().map(|hook| {
            let mut shown = visible(hook, &[]);
            if with_stats {
                let logs = store.hook_logs.iter().filter(|log| is_of(log, text(hook, "id")));
                let results: Vec<bool> = logs.map(is_success).collect();
                let successes = results.iter().filter(|success| **success).count();
                let stats = json!({ "successCount": successes, "requestCount": results.len() });
                shown.insert("executionStats".to_owned(), stats);
            }
            Value::Object(shown)
        });
        shown.collect()
    };
    paged(&tenant, &call, all)
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    check(&body, true)?;
    if !body.contains_key("events") && !body.contains_key("event") {
        let message = "You need to provide at least one event.";
        return Err(Refused::bad_request("hook.missing_events", message));
    }
    let new = row(json!({
        "id": random::id(21)?, "name": text(&body, "name"),
        "event": body.get("event").unwrap_or(&Value::Null), "events": events(&body),
        "config": body.get("config"), "signingKey": random::id(32)?,
        "enabled": body.get("enabled").unwrap_or(&Value::Bool(true)),
        "createdAt": tenant.clock.millis(),
    }));
    let answer = reply::json(StatusCode::CREATED, &visible(&new, &[]));
    tenant.store().directory.hooks.insert(new);
    Ok(answer)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let hook = store.directory.hooks.get(&id).ok_or_else(|| Refused::not_found("hooks", &id))?;
    Ok(reply::json(StatusCode::OK, &visible(hook, &[])))
}

/// `config` is replaced as a whole.
pub(super) async fn update(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    check(&body, false)?;
    let mut changes = body.clone();
    changes.retain(|name, _| ["name", "config", "enabled", "event"].contains(&name.as_str()));
    if body.contains_key("events") {
        changes.insert("events".to_owned(), json!(events(&body)));
    }
    if changes.is_empty() {
        let message = "Invalid input. Value list must not be empty.";
        return Err(Refused::unprocessable("entity.invalid_input", message));
    }
    change(&tenant, &id, changes)
}

pub(super) async fn new_key(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    change(&tenant, &id, row(json!({ "signingKey": random::id(32)? })))
}

fn change(tenant: &Shared, id: &str, changes: Row) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let hook = store.directory.hooks.get_mut(id).ok_or_else(|| {
        let message = "The hook does not exist.";
        Refused::new(StatusCode::NOT_FOUND, "entity.not_exists", message)
    })?;
    hook.extend(changes);
    Ok(reply::json(StatusCode::OK, &visible(hook, &[])))
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if tenant.store().directory.hooks.remove(&id) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let message = "The resource does not exist.";
    Err(Refused::new(StatusCode::NOT_FOUND, "entity.not_found", message))
}

/// One delivery for each event, to the address of this request and not to that of the hook.
pub(super) async fn test(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    check(&body, true)?;
    let key = {
        let store = tenant.store();
        let hook = store.directory.hooks.get(&id);
        let hook = hook.ok_or_else(|| Refused::not_found("hooks", &id))?;
        text(hook, "signingKey").to_owned()
    };
    let config = body.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    for event in events(&body) {
        let sent = webhooks::test_body(&tenant, &id, event);
        match webhooks::deliver(&tenant, &config, &key, &sent).await {
            Ok((status, _)) if status < 300 => {}
            Ok((status, body)) => {
                let data = json!({ "responseStatus": status, "responseBody": body });
                let message = "Endpoint responded with error.";
                let code = "hook.endpoint_responded_with_error";
                return Err(Refused::unprocessable(code, message).with_data(data));
            }
            Err(error) => {
                let message = format!("Failed to send test payload: {error}");
                return Err(Refused::unprocessable("hook.send_test_payload_failed", message));
            }
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn recent_logs(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let all = {
        let store = tenant.store();
        let logs = store.hook_logs.iter().rev().filter(|log| is_of(log, &id));
        logs.cloned().map(Value::Object).collect()
    };
    paged(&tenant, &call, all)
}

fn is_of(log: &Row, hook: &str) -> bool {
    log.get("payload").and_then(|payload| payload.get("hookId")) == Some(&hook.into())
}

fn is_success(log: &Row) -> bool {
    log.get("payload").and_then(|payload| payload.get("result")) == Some(&"Success".into())
}

/// Each once.
fn events(body: &Row) -> Vec<&str> {
    let mut events = Vec::new();
    for event in texts(body, "events") {
        if !events.contains(&event) {
            events.push(event);
        }
    }
    events
}

fn check(body: &Row, needs_config: bool) -> Result<(), Refused> {
    let mut issues = Issues::default();
    if let Some(Value::Array(events)) = body.get("events") {
        issues.at_least_one(events, &["events".into()]);
        for (at, event) in events.iter().enumerate() {
            issues.word_at(event, &["events".into(), at.into()], &EVENTS);
        }
    }
    if needs_config || body.contains_key("config") {
        issues.object(body, "config");
        let retries = body.get("config").and_then(|config| config.get("retries"));
        issues.at_most(retries, &["config".into(), "retries".into()], 3);
    }
    issues.check()
}
