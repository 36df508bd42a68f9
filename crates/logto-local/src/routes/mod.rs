//! The endpoints, one file each.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::call::Call;
use crate::problem::Problem;
use crate::reply;
use crate::state::Shared;

mod account;
mod authorize;
mod avatar;
mod back_channel;
mod client_auth;
mod consent;
mod device;
mod discovery;
mod end_session;
mod experience;
mod home;
mod hugging_face;
mod introspection;
mod magic_link;
mod management;
mod progress;
mod redirect;
mod revocation;
mod sign_in;
mod templates;
mod token;
mod user_name;
mod userinfo;

pub(crate) fn all(tenant: &Shared) -> Router<Shared> {
    Router::new()
        .merge(management::routes(tenant))
        .merge(account::routes())
        .route("/", get(home::page))
        .route("/api/.well-known/sign-in-exp", get(experience::settings))
        .route("/oidc/.well-known/openid-configuration", get(discovery::document))
        .route("/oidc/.well-known/oauth-authorization-server", get(discovery::document))
        .route("/oidc/jwks", get(discovery::jwks))
        .route("/oidc/auth", get(authorize::authorize).post(authorize::authorize))
        .route("/oidc/auth/{uid}", get(progress::resume))
        .route("/oidc/device", get(device::start).post(device::decide))
        .route("/oidc/device/auth", post(device::authorize).fallback(not_found))
        .route("/oidc/device/{uid}", get(progress::resume))
        .route("/device", get(device::page))
        .route("/device/success", get(device::success))
        .route("/oidc/token", post(token::token).fallback(not_found))
        .route("/oidc/me", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/oidc/token/introspection", post(introspection::introspect).fallback(not_found))
        .route("/oidc/token/revocation", post(revocation::revoke).fallback(not_found))
        .route("/oidc/session/end", get(end_session::ask).post(end_session::ask))
        .route("/oidc/session/end/confirm", post(end_session::confirm))
        .route("/oidc/session/end/success", get(end_session::success))
        .route("/sign-in", get(sign_in::page))
        .route("/register", get(sign_in::page))
        .route("/reset-password", get(sign_in::page))
        .route("/identifier-sign-in", get(sign_in::page))
        .route("/identifier-register", get(sign_in::page))
        .route("/single-sign-on", get(sign_in::page))
        .route("/unknown-session", get(sign_in::unknown_session_page))
        .route("/account-suspended", get(sign_in::account_suspended))
        .route("/consent", get(consent::page).post(consent::decide))
        .route("/direct/{*target}", get(hugging_face::begin).post(hugging_face::begin))
        .route("/hugging-face/oauth/authorize", get(hugging_face::page).post(hugging_face::decide))
        .route("/hugging-face/api/whoami-v2", get(hugging_face::who_am_i))
        .route("/hugging-face/api/models", get(hugging_face::models))
        .route("/callback/{connector}", get(hugging_face::callback))
        .route("/continue/username", get(user_name::page).post(user_name::decide))
        .route("/avatars/{file}", get(avatar::avatar))
        .fallback(not_found)
}

/// JSON below `/oidc`, plain text elsewhere.
async fn not_found(call: Call) -> Response {
    match call.path.strip_prefix("/oidc") {
        Some(path) => {
            let description =
                format!("unrecognized route or not allowed method ({} on {path})", call.method);
            Problem::new(StatusCode::NOT_FOUND, "invalid_request", description).into_response()
        }
        None => reply::text(StatusCode::NOT_FOUND, "Not Found"),
    }
}
