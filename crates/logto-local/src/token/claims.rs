//! The claims of ID tokens and userinfo.

use serde_json::{Map, Value, json};

use crate::directory::texts;
use crate::scopes::{ORGANIZATION_ROLES_SCOPE, ORGANIZATIONS_SCOPE};
use crate::state::Tenant;
use crate::store::{Authorized, ID_TOKEN_LIFE, Store};
use crate::users::TestUser;

/// Those that ID tokens only have if an administrator says so; userinfo always has them.
const EXTENDED: [&str; 7] = [
    "custom_data",
    "identities",
    "sso_identities",
    "roles",
    "organizations",
    "organization_data",
    "organization_roles",
];

/// The claims of an ID token. A refreshed one keeps the first nonce and `sid`.
pub(crate) fn id_token(
    tenant: &Tenant,
    store: &Store,
    authorized: &Authorized,
    scopes: &[String],
) -> Value {
    let now = tenant.clock.seconds();
    let mut claims = store
        .user(&authorized.user)
        .map(|user| everything(tenant, store, user, scopes))
        .unwrap_or_default();
    let enabled = |name: &str| {
        let mut enabled = texts(&store.directory.id_token_claims, "enabledExtendedClaims");
        enabled.any(|one| one == name)
    };
    claims.retain(|name, _| !EXTENDED.contains(&name.as_str()) || enabled(name));
    let mut add = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    if let Some(nonce) = &authorized.nonce {
        add("nonce", nonce.as_str().into());
    }
    if let Some(sid) = &authorized.sid {
        add("sid", sid.as_str().into());
    }
    if let Some(auth_time) = authorized.auth_time {
        add("auth_time", auth_time.into());
    }
    add("aud", authorized.app_id.as_str().into());
    add("exp", (now + ID_TOKEN_LIFE).into());
    add("iat", now.into());
    add("iss", tenant.issuer.as_str().into());
    Value::Object(claims)
}

pub(crate) fn userinfo(
    tenant: &Tenant,
    store: &Store,
    user: &TestUser,
    scopes: &[String],
) -> Value {
    Value::Object(everything(tenant, store, user, scopes))
}

/// With identities, organization names and custom data.
fn everything(
    tenant: &Tenant,
    store: &Store,
    user: &TestUser,
    scopes: &[String],
) -> Map<String, Value> {
    let mut claims = about(tenant, store, user, scopes);
    let has = |scope: &str| scopes.iter().any(|held| held == scope);
    let mut add = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    if has("custom_data") {
        let account = store.accounts.get(user.handle());
        add("custom_data", account.map(|account| account.custom_data.clone()).into());
    }
    if has("identities") {
        add("identities", store.identities(user.handle(), &tenant.endpoint));
        add("sso_identities", json!([]));
    }
    if has(ORGANIZATIONS_SCOPE) {
        let organization = |one: &crate::users::Membership| json!({ "id": one.id, "name": one.name, "description": one.description });
        add("organization_data", user.memberships().iter().map(organization).collect());
    }
    claims
}

/// What both say. Nothing is left out that is unknown: it is `null`.
fn about(tenant: &Tenant, store: &Store, user: &TestUser, scopes: &[String]) -> Map<String, Value> {
    let has = |scope: &str| scopes.iter().any(|held| held == scope);
    let account = store.accounts.get(user.handle());
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    add("sub", user.id().into());
    if has("profile") {
        add("name", user.claimed_name().into());
        add("picture", store.avatar_of(user.handle(), &tenant.endpoint).into());
        let user_name = account.and_then(|account| account.user_name.as_deref());
        add("username", user_name.into());
        // Milliseconds, unlike every other time in these tokens.
        add("created_at", account.map(|account| account.created_ms).into());
        add("updated_at", account.map(|account| account.updated_ms).into());
    }
    if has("email") {
        add("email", user.claimed_email().into());
        // Logto takes any address from Hugging Face for verified.
        add("email_verified", user.claimed_email().is_some().into());
    }
    if has("phone") {
        add("phone_number", Value::Null);
        add("phone_number_verified", false.into());
    }
    if has("roles") {
        add("roles", user.roles().into());
    }
    if has(ORGANIZATIONS_SCOPE) {
        add("organizations", user.memberships().iter().map(|one| one.id.as_str()).collect());
    }
    if has(ORGANIZATION_ROLES_SCOPE) {
        let with_role = user.memberships().iter().filter(|one| !one.role.is_empty());
        let roles = with_role.map(|one| format!("{}:{}", one.id, one.role));
        add("organization_roles", roles.collect());
    }
    claims
}
