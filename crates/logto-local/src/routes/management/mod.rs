//! The Management API, one file for each resource.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, patch, post, put};

use crate::state::Shared;

pub(super) mod access;
mod application_access;
mod applications;
mod changes;
mod cimd;
mod configs;
mod connector_input;
mod connectors;
mod hooks;
pub(super) mod input;
mod invitations;
mod list;
pub(super) mod one_time_tokens;
mod organization_template;
mod organizations;
pub(super) mod refused;
mod resources;
mod roles;
mod sign_in_experience;
pub(super) mod users;

/// Every route asks for a token of a machine-to-machine app with access to the Management API.
pub(super) fn routes(tenant: &Shared) -> Router<Shared> {
    Router::new()
        .route("/api/applications", get(applications::list).post(applications::create))
        .route(
            "/api/applications/{id}",
            get(applications::read).patch(applications::update).delete(applications::delete),
        )
        .route(
            "/api/applications/{id}/secrets",
            get(application_access::secrets).post(application_access::add_secret),
        )
        .route("/api/applications/{id}/secrets/{name}", delete(application_access::delete_secret))
        .route("/api/applications/{id}/roles", post(application_access::add_roles))
        .route("/api/connector-factories", get(connectors::factories))
        .route("/api/connectors", get(connectors::list).post(connectors::create))
        .route(
            "/api/connectors/{id}",
            get(connectors::read).patch(connectors::update).delete(connectors::delete),
        )
        .route("/api/sign-in-exp", get(sign_in_experience::read).patch(sign_in_experience::update))
        .route(
            "/api/account-center",
            get(configs::account_center).patch(configs::update_account_center),
        )
        .route("/api/configs/cimd", get(cimd::switch).patch(cimd::set_switch))
        .route("/api/cimd/user-consent-scopes", get(cimd::ceiling).post(cimd::raise))
        .route("/api/cimd/user-consent-scopes/{kind}/{id}", delete(cimd::lower))
        .route("/api/configs/id-token", get(configs::id_token).put(configs::set_id_token))
        .route("/api/configs/oidc/private-keys", get(configs::keys))
        .route("/api/configs/oidc/private-keys/rotate", post(configs::rotate_key))
        .route("/api/configs/oidc/private-keys/{id}", delete(configs::delete_key))
        .route("/api/hooks", get(hooks::list).post(hooks::create))
        .route("/api/hooks/{id}", get(hooks::read).patch(hooks::update).delete(hooks::delete))
        .route("/api/hooks/{id}/signing-key", patch(hooks::new_key))
        .route("/api/hooks/{id}/test", post(hooks::test))
        .route("/api/hooks/{id}/recent-logs", get(hooks::recent_logs))
        .route("/api/resources", get(resources::list).post(resources::create))
        .route("/api/resources/{id}", delete(resources::delete))
        .route("/api/resources/{id}/scopes", get(resources::scopes).post(resources::add_scope))
        .route("/api/resources/{id}/scopes/{scope}", changes::routes(&changes::SCOPES))
        .route("/api/roles", get(roles::list).post(roles::create))
        .route("/api/roles/{id}", changes::routes(&changes::ROLES))
        .route("/api/roles/{id}/scopes", get(roles::scopes).post(roles::add_scopes))
        .route("/api/roles/{id}/scopes/{scope}", delete(roles::delete_scope))
        .route("/api/organizations", get(organizations::list).post(organizations::create))
        .route(
            "/api/organizations/{id}",
            get(organizations::read).merge(changes::routes(&changes::ORGANIZATIONS)),
        )
        .route("/api/organizations/{id}/users", post(organizations::add_users))
        .route("/api/organizations/{id}/users/roles", post(organizations::give_roles))
        .route("/api/organizations/{id}/applications", post(organizations::add_applications))
        .route(
            "/api/organizations/{id}/applications/roles",
            post(organizations::give_roles_to_applications),
        )
        .route(
            "/api/organization-scopes",
            get(organization_template::scopes).post(organization_template::add_scope),
        )
        .route(
            "/api/organization-roles",
            get(organization_template::roles).post(organization_template::add_role),
        )
        .route("/api/organization-scopes/{id}", changes::routes(&changes::ORGANIZATION_SCOPES))
        .route("/api/organization-roles/{id}", changes::routes(&changes::ORGANIZATION_ROLES))
        .route("/api/organization-roles/{id}/scopes", get(organization_template::scopes_of_role))
        .route(
            "/api/organization-roles/{id}/resource-scopes",
            get(organization_template::resource_scopes_of_role),
        )
        .route("/api/organization-invitations", get(invitations::list).post(invitations::create))
        .route(
            "/api/organization-invitations/{id}",
            get(invitations::read).delete(invitations::delete),
        )
        .route("/api/organization-invitations/{id}/message", post(invitations::send_again))
        .route("/api/organization-invitations/{id}/status", put(invitations::set_status))
        .route("/api/one-time-tokens", get(one_time_tokens::list).post(one_time_tokens::create))
        .route("/api/one-time-tokens/verify", post(one_time_tokens::verify))
        .route(
            "/api/one-time-tokens/{id}",
            get(one_time_tokens::read).delete(one_time_tokens::delete),
        )
        .route("/api/one-time-tokens/{id}/status", put(one_time_tokens::set_status))
        .route("/api/users", get(users::list).post(users::create))
        .route("/api/users/{id}", get(users::read).delete(users::delete))
        .route("/api/users/{id}/is-suspended", patch(users::suspend))
        .route("/api/users/{id}/identities/{target}", delete(users::delete_identity))
        .route("/api/users/{id}/organizations", get(users::organizations))
        .route("/api/users/{id}/roles", post(users::add_roles))
        .route("/api/subject-tokens", post(users::subject_token))
        .route_layer(from_fn_with_state(tenant.clone(), access::check))
}
