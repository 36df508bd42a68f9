//! Which scopes and resources the tenant knows, and what roles permit.

use crate::people::Person;

/// The example API.
pub(crate) const THINGS: &str = "https://api.example.test";
pub(crate) const ORGANIZATIONS: &str = "urn:logto:resource:organizations";
pub(crate) const MANAGEMENT: &str = "https://default.logto.app/api";

pub(crate) const ORGANIZATIONS_SCOPE: &str = "urn:logto:scope:organizations";
pub(crate) const ORGANIZATION_ROLES_SCOPE: &str = "urn:logto:scope:organization_roles";

pub(crate) const OIDC_SCOPES: [&str; 13] = [
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    ORGANIZATIONS_SCOPE,
    ORGANIZATION_ROLES_SCOPE,
    "urn:logto:scope:sessions",
    "urn:logto:scope:trusted_devices",
];

pub(crate) fn is_oidc(scope: &str) -> bool {
    OIDC_SCOPES.contains(&scope)
}

/// The scopes of a resource; `None` if the tenant has no such resource.
pub(crate) fn of_resource(resource: &str) -> Option<&'static [&'static str]> {
    match resource {
        THINGS => Some(&["read:things", "write:things"]),
        ORGANIZATIONS => Some(&["read:members", "invite:members"]),
        MANAGEMENT => Some(&["all"]),
        _ => None,
    }
}

/// What the person's roles permit on a resource, within an organization if one is named.
pub(crate) fn permitted(
    person: &Person,
    resource: &str,
    organization: Option<&str>,
) -> Vec<&'static str> {
    let all = of_resource(resource).unwrap_or_default();
    let by_role = |role: &str| match (role, resource) {
        ("things-editor", THINGS) => all,
        ("things-reader", THINGS) => &["read:things"][..],
        _ => &[],
    };
    let by_organization_role = |role: &str| match (role, resource) {
        ("org-admin", THINGS | ORGANIZATIONS) => all,
        ("org-viewer", ORGANIZATIONS) => &["read:members"][..],
        _ => &[],
    };
    // Without an organization the roles of every organization count, as in Logto.
    let memberships = person
        .memberships()
        .iter()
        .filter(|one| organization.is_none_or(|id| one.id == id));
    let mut permitted: Vec<&str> = memberships
        .flat_map(|one| by_organization_role(&one.role))
        .copied()
        .collect();
    if organization.is_none() {
        permitted.extend(person.roles().iter().flat_map(|role| by_role(role)));
    }
    // The order of the resource, each once.
    all.iter()
        .copied()
        .filter(|scope| permitted.contains(scope))
        .collect()
}
