//! The Account API: what users see and change of their own account.

mod identities;
mod profile;
mod sessions;
mod tokens;
mod verifications;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, patch, post};
use serde_json::Value;

use super::management::access::bearer;
use super::management::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text};
use crate::state::{Shared, Tenant};
use crate::store::Store;
use crate::webhooks::tell;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/my-account", get(profile::read).patch(profile::update))
        .route("/api/my-account/profile", patch(profile::update_details))
        .route("/api/my-account/identities", post(identities::add).put(identities::replace))
        .route("/api/my-account/identities/{target}", delete(identities::remove))
        .route(
            "/api/my-account/identities/{target}/access-token",
            get(tokens::linked).put(tokens::renew),
        )
        .route("/api/my-account/sso-identities/{id}/access-token", get(tokens::sso))
        .route("/api/my-account/sessions", get(sessions::list))
        .route("/api/my-account/sessions/{uid}", delete(sessions::end))
        .route("/api/my-account/grants", get(sessions::grants))
        .route("/api/my-account/grants/{id}", delete(sessions::revoke_grant))
        .route("/api/verifications/password", post(verifications::password))
        .route("/api/verifications/verification-code", post(verifications::code))
        .route("/api/verifications/verification-code/verify", post(verifications::verify_code))
        .route("/api/verifications/social", post(verifications::social))
        .route("/api/verifications/social/verify", post(verifications::verify_social))
}

/// The user of a request, and what the token lets the app do.
struct Caller {
    user: String,
    scopes: Vec<String>,
    is_third_party: bool,
    session_uid: Option<String>,
    /// The verification record that the request names.
    verification: Option<String>,
}

impl Caller {
    fn new(tenant: &Tenant, store: &Store, call: &Call) -> Result<Self, Refused> {
        let now = tenant.clock.seconds();
        let token = store
            .access_token(bearer(call.header("authorization"))?, now)
            .ok_or_else(Refused::unauthorized)?;
        if store.directory.account_center.get("enabled") != Some(&Value::Bool(true)) {
            let message = "Account center is not enabled.";
            return Err(Refused::bad_request("account_center.not_enabled", message));
        }
        let authorized = &token.authorized;
        Ok(Self {
            user: authorized.user.clone(),
            scopes: token.scopes.clone(),
            is_third_party: store.app(&authorized.app_id).is_some_and(|app| app.third_party),
            session_uid: authorized.session_uid.clone(),
            verification: call.header("logto-verification-id").map(str::to_owned),
        })
    }

    /// The same, for what changes something.
    fn who_writes(tenant: &Tenant, store: &Store, call: &Call) -> Result<Self, Refused> {
        let caller = Self::new(tenant, store, call)?;
        if caller.is_third_party {
            let message = "Third-party applications cannot modify account data through this API.";
            let code = "auth.third_party_application_forbidden";
            return Err(Refused::new(StatusCode::FORBIDDEN, code, message));
        }
        Ok(caller)
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }

    /// Asks for a password or a code of this user, which a user without either cannot give.
    fn verified(&self, tenant: &Tenant, store: &Store) -> Result<(), Refused> {
        let id = self.verification.as_deref().unwrap_or_default();
        let record = store.verifications.get(id);
        let is_good = record.is_some_and(|record| {
            record.user == self.user
                && record.expires_ms > tenant.clock.millis()
                && record.identifies
        });
        if is_good || !store.has_verification_method(&self.user) {
            return Ok(());
        }
        let message = "Permission denied, please re-authenticate.";
        let code = "verification_record.permission_denied";
        Err(Refused::new(StatusCode::UNAUTHORIZED, code, message))
    }
}

/// What the account center says about a field.
fn control<'a>(store: &'a Store, field: &str) -> &'a str {
    let fields = store.directory.account_center.get("fields").and_then(Value::as_object);
    fields.map_or("", |fields| text(fields, field))
}

fn is_readable(store: &Store, field: &str) -> bool {
    ["ReadOnly", "Edit"].contains(&control(store, field))
}

fn readable(store: &Store, field: &str) -> Result<(), Refused> {
    match is_readable(store, field) {
        true => Ok(()),
        false => {
            Err(Refused::bad_request("account_center.field_not_enabled", "Field is not enabled."))
        }
    }
}

fn editable(store: &Store, field: &str) -> Result<(), Refused> {
    match control(store, field) {
        "Edit" => Ok(()),
        _ => {
            Err(Refused::bad_request("account_center.field_not_editable", "Field is not editable."))
        }
    }
}

/// A scope that is missing where Logto answers with 400.
fn scope_missing() -> Refused {
    let message = "Unauthorized. Please check credentials and its scope.";
    Refused::bad_request("auth.unauthorized", message)
}

/// Tells of a change that the user made: neither path nor application are in it.
fn tell_of_change(tenant: &Shared, store: &Store, user: &Value) {
    let mut data = row(user.clone());
    data.remove("hasPassword");
    let mut members = Row::new();
    members.insert("userAgent".to_owned(), "logto-local".into());
    members.insert("ip".to_owned(), "127.0.0.1".into());
    members.insert("data".to_owned(), Value::Object(data));
    tell(tenant, store, "User.Data.Updated", &members);
}
