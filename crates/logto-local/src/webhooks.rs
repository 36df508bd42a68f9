//! Webhook deliveries: once to every hook that asked for the event, as Logto does.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};

use crate::apps::loopback;
use crate::directory::{Row, row, text, texts};
use crate::random;
use crate::state::Shared;
use crate::store::Store;
use crate::time;

/// How long Logto waits for a receiver.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries that are remembered.
const LOGGED: usize = 1000;

/// The names of the events that a hook may ask for.
pub(crate) const EVENTS: [&str; 29] = [
    "PostRegister",
    "PostSignIn",
    "PostSignInAdaptiveMfaTriggered",
    "PostResetPassword",
    "User.Created",
    "User.Deleted",
    "User.Data.Updated",
    "User.SuspensionStatus.Updated",
    "Role.Created",
    "Role.Deleted",
    "Role.Data.Updated",
    "Role.Scopes.Updated",
    "Scope.Created",
    "Scope.Deleted",
    "Scope.Data.Updated",
    "Organization.Created",
    "Organization.Deleted",
    "Organization.Data.Updated",
    "Organization.Membership.Updated",
    "OrganizationRole.Created",
    "OrganizationRole.Deleted",
    "OrganizationRole.Data.Updated",
    "OrganizationRole.Scopes.Updated",
    "OrganizationScope.Created",
    "OrganizationScope.Deleted",
    "OrganizationScope.Data.Updated",
    "Identifier.Lockout",
    "Message.RateLimited",
    "Grant.LimitExceeded",
];

/// What a call of the Management API did.
pub(crate) struct ApiCall<'a> {
    pub(crate) method: &'a str,
    /// Below `/api`, like the route.
    pub(crate) path: String,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) params: Value,
    pub(crate) data: Option<Value>,
}

impl ApiCall<'_> {
    fn members(self) -> Row {
        let mut members = row(json!({
            "userAgent": "logto-local", "ip": "127.0.0.1", "path": self.path, "method": self.method,
            "status": self.status, "params": self.params, "matchedRoute": self.route,
        }));
        if let Some(data) = self.data {
            members.insert("data".to_owned(), data);
        }
        members
    }
}

/// Tells of a call of the Management API, with further members of the body.
pub(crate) fn tell_of_call(
    tenant: &Shared,
    store: &Store,
    event: &'static str,
    call: ApiCall<'_>,
    more: Value,
) {
    let mut members = call.members();
    members.extend(row(more));
    tell(tenant, store, event, &members);
}

/// Tells every hook that asked for the event, without waiting for any. A tenant that stops loses what
/// is under way.
pub(crate) fn tell(tenant: &Shared, store: &Store, event: &'static str, members: &Row) {
    let asked = |hook: &&Row| {
        hook.get("enabled") == Some(&Value::Bool(true))
            && (texts(hook, "events").any(|name| name == event) || text(hook, "event") == event)
    };
    for hook in store.directory.hooks.rows().filter(asked) {
        let body = body(tenant, text(hook, "id"), event, members);
        let (tenant, hook) = (tenant.clone(), hook.clone());
        tokio::spawn(async move {
            let config = hook.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
            let outcome = deliver(&tenant, &config, text(&hook, "signingKey"), &body).await;
            let log = log(&tenant, &hook, event, &body, outcome);
            let mut store = tenant.store();
            store.hook_logs.extend(log);
            let surplus = store.hook_logs.len().saturating_sub(LOGGED);
            store.hook_logs.drain(..surplus);
        });
    }
}

/// The body of a delivery.
pub(crate) fn body(tenant: &Shared, hook: &str, event: &str, members: &Row) -> String {
    let mut body = members.clone();
    body.insert("event".to_owned(), event.into());
    body.insert("createdAt".to_owned(), time::iso(tenant.clock.millis()).into());
    body.insert("hookId".to_owned(), hook.into());
    Value::Object(body).to_string()
}

/// What a receiver answered, or why it did not.
pub(crate) type Outcome = Result<(u16, String), String>;

/// Sends a body once. Only receivers on this machine are sent anything.
pub(crate) async fn deliver(
    tenant: &Shared,
    config: &Map<String, Value>,
    signing_key: &str,
    body: &str,
) -> Outcome {
    let url = loopback(text(config, "url")).map_err(|error| error.to_string())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, signing_key.as_bytes());
    let signature = random::hex(hmac::sign(&key, body.as_bytes()).as_ref());
    let mut post = tenant.http.post(url).header("user-agent", "Logto (https://logto.io/)");
    let headers = config.get("headers").and_then(Value::as_object);
    let mut has_type = false;
    for (name, value) in headers.into_iter().flatten() {
        has_type |= name.eq_ignore_ascii_case("content-type");
        if !name.eq_ignore_ascii_case("logto-signature-sha-256") {
            post = post.header(name, value.as_str().unwrap_or_default());
        }
    }
    if !has_type {
        post = post.header("content-type", "application/json");
    }
    let post = post.header("logto-signature-sha-256", signature).body(body.to_owned());
    let answer = post.timeout(PATIENCE).send().await.map_err(|_| "fetch failed".to_owned())?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.unwrap_or_default()))
}

fn log(tenant: &Shared, hook: &Row, event: &str, body: &str, outcome: Outcome) -> Option<Row> {
    let key = format!("TriggerHook.{event}");
    let sent: Value = serde_json::from_str(body).ok()?;
    let mut payload = row(json!({
        "key": key, "hookId": text(hook, "id"), "hookRequest": { "body": sent },
    }));
    let (result, error, response) = match outcome {
        Ok((status, body)) if status < 300 => {
            ("Success", None, Some(json!({ "statusCode": status, "body": body })))
        }
        Ok((status, body)) => (
            "Error",
            Some(format!("HTTPError: Request failed with status code {status}")),
            Some(json!({ "statusCode": status, "body": body })),
        ),
        Err(error) => ("Error", Some(format!("TypeError: {error}")), None),
    };
    payload.insert("result".to_owned(), result.into());
    payload.extend(error.map(|error| ("error".to_owned(), error.into())));
    payload.extend(response.map(|response| ("response".to_owned(), response)));
    Some(row(json!({
        "tenantId": "default", "id": random::id(21).ok()?, "key": key, "payload": payload,
        "createdAt": tenant.clock.millis(),
    })))
}
