//! The bodies of deliveries. An app verifies their bytes, and users read them: the members stand
//! in the order in which Logto writes them.

use serde_json::{Value, json};

use crate::directory::{Row, row};
use crate::state::Shared;
use crate::time;

/// The order of the members of a real delivery.
const ORDER: [&str; 23] = [
    "event",
    "interactionEvent",
    "createdAt",
    "sessionId",
    "userAgent",
    "ip",
    "userId",
    "userIp",
    "user",
    "path",
    "method",
    "status",
    "params",
    "matchedRoute",
    "applicationId",
    "application",
    "roleId",
    "organizationId",
    "organizationRoleId",
    "addedUserIds",
    "addedApplicationIds",
    "data",
    "hookId",
];

/// The same of a test delivery.
const TEST_ORDER: [&str; 13] = [
    "event",
    "hookId",
    "createdAt",
    "userAgent",
    "sessionId",
    "userIp",
    "userId",
    "user",
    "path",
    "method",
    "status",
    "params",
    "data",
];

/// The body of a delivery.
pub(super) fn body(tenant: &Shared, hook: &str, event: &str, members: &Row) -> String {
    ordered(with_head(tenant, hook, event, members.clone()), &ORDER)
}

/// The body of a test delivery: nothing like that of a real one, as in Logto.
pub(crate) fn test_body(tenant: &Shared, hook: &str, event: &str) -> String {
    let now = tenant.clock.millis();
    let members = match event.starts_with("Post") {
        true => json!({
            "userAgent": "fake-user-agent", "sessionId": "fake-session-id", "userIp": "fake-user-ip",
            "userId": "fake-id",
            "user": {
                "id": "fake-id", "username": "fake-user", "primaryEmail": "fake-user@fake-service.com",
                "primaryPhone": "1234567890", "name": "Fake User",
                "avatar": "https://fake-service.com/avatars/fake-user.png",
                "customData": { "theme": "light" },
                "identities": { "google": { "userId": "fake-google-user-id" } },
                "profile": {}, "applicationId": "fake-application-id", "cimdClientId": null,
                "isSuspended": false, "lastSignInAt": now, "createdAt": now, "updatedAt": now,
            },
            "application": {
                "id": "fake-spa-application-id", "type": "SPA", "name": "Fake Application",
                "description": "Fake application data for testing",
            },
        }),
        false => json!({
            "userAgent": "fake-user-agent", "path": "/fake-path/:id", "method": "POST", "status": 200,
            "params": { "id": "fake-id" }, "data": { "result": "success" },
        }),
    };
    ordered(with_head(tenant, hook, event, row(members)), &TEST_ORDER)
}

fn with_head(tenant: &Shared, hook: &str, event: &str, mut body: Row) -> Row {
    body.insert("event".to_owned(), event.into());
    body.insert("hookId".to_owned(), hook.into());
    // Two events of one call have one time.
    body.entry("createdAt").or_insert_with(|| time::iso(tenant.clock.millis()).into());
    body
}

/// A body whose members stand in this order; others come last.
fn ordered(body: Row, order: &[&str]) -> String {
    let place = |name: &str| order.iter().position(|known| *known == name);
    let mut members: Vec<(String, Value)> = body.into_iter().collect();
    members.sort_by_key(|(name, _)| place(name).unwrap_or(order.len()));
    let members = members.into_iter().map(|(name, value)| format!("{}:{value}", Value::from(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}
