//! The policy of each operation.

use std::collections::{HashMap, HashSet};

use http::HeaderMap;
use http::request::Parts;
use logto::resource_server::{AccessTokenClaims, OrganizationFrom, Policy};
use rmcp::model::Extensions;

use crate::operation::Operation;

/// Who may connect and see lists: everyone whose token is for this server. Whether someone else
/// acts for the user is judged where something is done.
pub(crate) const EVERYBODY: Policy = Policy::new().with_delegation(u8::MAX);

/// The policies of an MCP server. What is not in it is refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) tools: HashMap<String, Policy>,
    /// Tools that are listed for callers that may not use them yet.
    pub(crate) listed: HashSet<String>,
    pub(crate) prompts: HashMap<String, Policy>,
    pub(crate) resources: Option<Policy>,
    /// Methods that are refused unless they are declared.
    pub(crate) methods: HashMap<String, Policy>,
}

/// Why an operation has no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// A tool, prompt or resource.
    Name,
    Method,
    /// The parameters of a method of MCP cannot be read, so it is not known what it is about.
    Parameters,
}

impl Table {
    /// What an operation needs.
    pub(crate) fn policy(&self, operation: Operation<'_>) -> Result<Policy, Undeclared> {
        let named = |policies: &HashMap<String, Policy>| {
            let name = operation.name.ok_or(Undeclared::Name)?;
            policies.get(name).copied().ok_or(Undeclared::Name)
        };
        let declared = |method| self.methods.get(method).copied().ok_or(Undeclared::Method);
        match operation.method {
            "tools/call"
            | "prompts/get"
            | "completion/complete"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
                if operation.custom =>
            {
                Err(Undeclared::Parameters)
            }
            method if operation.custom => declared(method),
            "initialize"
            | "server/discover"
            | "ping"
            | "logging/setLevel"
            | "tools/list"
            | "prompts/list"
            | "resources/list"
            | "resources/templates/list"
            | "notifications/cancelled"
            | "notifications/initialized"
            | "notifications/progress"
            | "notifications/roots/list_changed" => Ok(EVERYBODY),
            "tools/call" => named(&self.tools),
            "prompts/get" => named(&self.prompts),
            "completion/complete" if operation.name.is_some() => named(&self.prompts),
            "completion/complete"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe" => self.resources.ok_or(Undeclared::Name),
            method => declared(method),
        }
    }

    /// Whether the caller sees the tool.
    pub(crate) fn lists_tool(&self, name: &str, requester: &Requester<'_>) -> bool {
        self.listed.contains(name)
            || self.tools.get(name).is_some_and(|policy| requester.may(policy))
    }

    /// Whether the caller sees the prompt.
    pub(crate) fn lists_prompt(&self, name: &str, requester: &Requester<'_>) -> bool {
        self.prompts.get(name).is_some_and(|policy| requester.may(policy))
    }

    /// Whether the caller sees resources.
    pub(crate) fn lists_resources(&self, requester: &Requester<'_>) -> bool {
        self.resources.is_some_and(|policy| requester.may(&policy))
    }
}

/// Who asks, and for which organization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requester<'a> {
    claims: Option<&'a AccessTokenClaims>,
    headers: Option<&'a HeaderMap>,
}

impl<'a> Requester<'a> {
    pub(crate) fn new(claims: &'a AccessTokenClaims, headers: &'a HeaderMap) -> Self {
        Self { claims: Some(claims), headers: Some(headers) }
    }

    /// The caller of a request that rmcp handles: none, if it did not come through the guard.
    pub(crate) fn from_extensions(extensions: &'a Extensions) -> Self {
        let parts = extensions.get::<Parts>();
        let claims = parts.and_then(|parts| parts.extensions.get());
        Self { claims, headers: parts.map(|parts| &parts.headers) }
    }

    pub(crate) fn may(&self, policy: &Policy) -> bool {
        let (Some(claims), Some(headers)) = (self.claims, self.headers) else {
            return false;
        };
        policy.permits(claims, organization(headers, policy))
    }
}

/// The organization that the request is about, if the policy asks for one. There are no path
/// parameters.
pub(crate) fn organization<'a>(headers: &'a HeaderMap, policy: &Policy) -> Option<&'a str> {
    match policy.organization_from()? {
        OrganizationFrom::Header(name) => OrganizationFrom::sole(headers.get_all(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_declared_is_refused() {
        let mut table = Table::default();
        table.tools.insert("whoami".to_owned(), Policy::new());
        let operation = |method, name| Operation { method, name: Some(name), custom: false };
        let named = |method, name| table.policy(operation(method, name));
        assert_eq!(named("tools/call", "whoami"), Ok(Policy::new()));
        assert_eq!(named("tools/list", "whoami"), Ok(EVERYBODY));
        assert_eq!(named("tools/call", "Whoami"), Err(Undeclared::Name));
        assert_eq!(named("prompts/get", "whoami"), Err(Undeclared::Name));
        assert_eq!(named("resources/read", "whoami"), Err(Undeclared::Name));
        assert_eq!(named("tasks/get", "whoami"), Err(Undeclared::Method));
        assert_eq!(named("", "whoami"), Err(Undeclared::Method));
        let custom = Operation { custom: true, ..operation("tools/call", "whoami") };
        assert_eq!(table.policy(custom), Err(Undeclared::Parameters));
    }
}
