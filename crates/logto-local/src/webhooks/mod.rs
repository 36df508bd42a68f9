//! Webhook deliveries: once to every hook that asked for the event, as Logto does.

mod bodies;
mod delivery;
mod log;

use serde_json::{Value, json};

use crate::directory::{Row, row, text, texts};
use crate::state::Shared;
use crate::store::Store;

use bodies::body;
pub(crate) use bodies::test_body;
pub(crate) use delivery::deliver;
use log::log;

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
#[derive(Clone)]
pub(crate) struct ApiCall<'a> {
    method: &'a str,
    status: u16,
    /// Below `/api`, like the path.
    route: &'a str,
    path: String,
    params: Row,
    data: Option<Value>,
}

impl<'a> ApiCall<'a> {
    /// A call that was answered with this status. `params` are what stands in the path for the
    /// parameters of the route.
    pub(crate) fn new(
        method: &'a str,
        status: u16,
        route: &'a str,
        params: &[(&str, &str)],
    ) -> Self {
        let (mut path, mut named) = (route.to_owned(), Row::new());
        for &(name, value) in params {
            path = path.replace(&format!(":{name}"), value);
            named.insert(name.to_owned(), value.into());
        }
        if route.starts_with("/roles/")
            && let Some(below) = path.strip_prefix("/roles")
        {
            // Logto's route has a group without a name.
            named.insert("0".to_owned(), below.into());
        }
        Self { method, status, route, path, params: named, data: None }
    }

    pub(crate) fn with_data(mut self, data: impl Into<Option<Value>>) -> Self {
        self.data = data.into();
        self
    }

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

/// Tells every hook that asked for the event, without waiting for any. A tenant that stops loses
/// what is under way.
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
