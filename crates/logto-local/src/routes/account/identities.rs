//! `/api/my-account/identities`: accounts elsewhere that are linked and unlinked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::verifications::record_not_found;
use super::{Caller, editable, scope_missing, tell_of_change};
use crate::call::Call;
use crate::directory::{HUGGING_FACE, text};
use crate::routes::hugging_face::keep_token;
use crate::routes::management::input;
use crate::routes::management::refused::Refused;
use crate::routes::management::users::shown;
use crate::state::{Shared, Tenant};
use crate::store::{Linked, Store};

pub(super) async fn add(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    link(&tenant, &call, false)
}

/// The same, in place of the one that is linked.
pub(super) async fn replace(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    link(&tenant, &call, true)
}

pub(super) async fn remove(
    State(tenant): State<Shared>,
    Path(target): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    // In this order, other than in the routes above.
    editable(&store, "social")?;
    if !caller.has("identities") {
        return Err(scope_missing());
    }
    caller.verified(&tenant, &store)?;
    if target != HUGGING_FACE || store.hugging_face_of(&caller.user).is_none() {
        return Err(Refused::no_identity());
    }
    let account = store.accounts.get(&caller.user);
    let has_name = account.is_some_and(|account| account.user_name.is_some());
    if !has_name && !store.has_verification_method(&caller.user) {
        let message = "The last sign-in method cannot be removed.";
        return Err(Refused::bad_request("user.last_sign_in_method_required", message));
    }
    store.unlink(&caller.user);
    store.vault.forget(&caller.user);
    tell(&tenant, &store, &caller);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn link(tenant: &Shared, call: &Call, replaces: bool) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(tenant, &store, call)?;
    caller.verified(tenant, &store)?;
    editable(&store, "social")?;
    if !caller.has("identities") {
        return Err(Refused::unauthorized());
    }
    let id = text(&input::body(call), "newIdentifierVerificationRecordId").to_owned();
    let linked = proof(tenant, &store, &caller, &id)?;
    let message = "The social account has been associated with an existing account.";
    let code = "user.identity_already_in_use";
    if store.owner_of(&linked.account).is_some_and(|owner| owner != caller.user) {
        return Err(Refused::unprocessable(code, message));
    }
    if !replaces && store.hugging_face_of(&caller.user).is_some() {
        return Err(Refused::bad_request(code, message));
    }
    store.link(&caller.user, &linked.account);
    store.vault.forget(&caller.user);
    let now = tenant.clock.seconds();
    keep_token(&mut store, &caller.user, linked, now);
    tell(tenant, &store, &caller);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The account elsewhere that a record of this user proves.
pub(super) fn proof(
    tenant: &Tenant,
    store: &Store,
    caller: &Caller,
    id: &str,
) -> Result<Linked, Refused> {
    let record = store.verifications.get(id);
    let own =
        record.filter(|one| one.user == caller.user && one.expires_ms > tenant.clock.millis());
    own.and_then(|record| record.linked.clone()).ok_or_else(record_not_found)
}

fn tell(tenant: &Shared, store: &Store, caller: &Caller) {
    let user = store.user(&caller.user).and_then(|user| shown(tenant, store, user));
    tell_of_change(tenant, store, &user.unwrap_or_default());
}
