//! The built-in scopes and resources.

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
