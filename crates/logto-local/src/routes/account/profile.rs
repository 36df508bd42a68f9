//! `/api/my-account`: the account as its owner sees it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use url::Url;

use super::{Caller, editable, is_readable, scope_missing, tell_of_change};
use crate::call::Call;
use crate::directory::{Row, row, text};
use crate::reply;
use crate::routes::management::input::{self, Issues};
use crate::routes::management::refused::Refused;
use crate::routes::management::users::{is_user_name, shown};
use crate::state::{Shared, Tenant};
use crate::store::Store;

/// The members of an account: their field in the account center, and the scope that shows them.
const MEMBERS: [(&str, &str, &str); 15] = [
    ("username", "username", "profile"),
    ("primaryEmail", "email", "email"),
    ("primaryPhone", "phone", "phone"),
    ("name", "name", "profile"),
    ("avatar", "avatar", "profile"),
    ("customData", "customData", "custom_data"),
    ("identities", "social", "identities"),
    ("lastSignInAt", "", "profile"),
    ("createdAt", "", "profile"),
    ("updatedAt", "", "profile"),
    ("profile", "profile", "profile"),
    ("applicationId", "", "profile"),
    ("cimdClientId", "", "profile"),
    ("isSuspended", "", "profile"),
    ("hasPassword", "password", "profile"),
];

/// What a user may change without further ado: the member is the field.
const CHANGED: [&str; 4] = ["name", "avatar", "username", "customData"];

/// The standard claims that a profile keeps.
const DETAILS: [&str; 12] = [
    "familyName",
    "givenName",
    "middleName",
    "nickname",
    "preferredUsername",
    "profile",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address",
];

pub(super) async fn read(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let store = tenant.store();
    let caller = Caller::new(&tenant, &store, &call)?;
    Ok(reply::json(StatusCode::OK, &seen(&tenant, &store, &caller)))
}

/// Replaces what is named. A user name takes a verification.
pub(super) async fn update(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let mut changes = input::body(&call);
    changes.retain(|name, _| CHANGED.contains(&name.as_str()));
    check(&changes)?;
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    if changes.contains_key("username") {
        caller.verified(&tenant, &store)?;
    }
    for name in changes.keys() {
        editable(&store, name)?;
        let scope = if name == "customData" { "custom_data" } else { "profile" };
        if !caller.has(scope) {
            return Err(scope_missing());
        }
    }
    if changes.is_empty() {
        let message = "Invalid input. Value list must not be empty.";
        return Err(Refused::unprocessable("entity.invalid_input", message));
    }
    change(&tenant, &mut store, &caller.user, &changes)?;
    let user = store.user(&caller.user).and_then(|user| shown(&tenant, &store, user));
    tell_of_change(&tenant, &store, &user.unwrap_or_default());
    Ok(reply::json(StatusCode::OK, &seen(&tenant, &store, &caller)))
}

/// Merges the standard claims.
pub(super) async fn update_details(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    editable(&store, "profile")?;
    if !caller.has("profile") {
        return Err(scope_missing());
    }
    let mut changes = input::body(&call);
    changes.retain(|name, _| DETAILS.contains(&name.as_str()));
    let account = store.accounts.get_mut(&caller.user).ok_or_else(Refused::unauthorized)?;
    account.profile.extend(changes);
    account.updated_ms = tenant.clock.millis();
    let profile = account.profile.clone();
    let user = store.user(&caller.user).and_then(|user| shown(&tenant, &store, user));
    tell_of_change(&tenant, &store, &user.unwrap_or_default());
    Ok(reply::json(StatusCode::OK, &profile))
}

fn check(changes: &Row) -> Result<(), Refused> {
    let mut issues = Issues::default();
    let given = |name: &str| changes.get(name).and_then(Value::as_str);
    if given("username").is_some_and(|name| !is_user_name(name)) {
        issues.pattern(&["username".into()]);
    }
    if given("avatar").is_some_and(|avatar| Url::parse(avatar).is_err()) {
        issues.url(&["avatar".into()]);
    }
    issues.check()
}

fn change(tenant: &Tenant, store: &mut Store, handle: &str, changes: &Row) -> Result<(), Refused> {
    let name = text(changes, "username");
    let mut others = store.accounts.iter().filter(|(other, _)| *other != handle);
    if !name.is_empty() && others.any(|(_, one)| one.user_name.as_deref() == Some(name)) {
        let message = "This username is already in use.";
        return Err(Refused::unprocessable("user.username_already_in_use", message));
    }
    let given = |member: &str| changes.get(member).map(|value| value.as_str().map(str::to_owned));
    let account = store.accounts.get_mut(handle).ok_or_else(Refused::unauthorized)?;
    account.updated_ms = tenant.clock.millis();
    if let Some(name) = given("username") {
        account.user_name = name;
    }
    if let Some(avatar) = given("avatar") {
        account.avatar = Some(avatar);
    }
    if let Some(data) = changes.get("customData") {
        account.custom_data = row(data.clone());
    }
    if let Some(name) = given("name") {
        for user in store.users.iter_mut().filter(|user| user.handle() == handle) {
            *user = user.clone().with_name(name.as_deref());
        }
    }
    Ok(())
}

/// Without what the account center or the token does not show.
fn seen(tenant: &Tenant, store: &Store, caller: &Caller) -> Row {
    let user = store.user(&caller.user);
    let user = user.and_then(|user| shown(tenant, store, user));
    let user = row(user.unwrap_or_default());
    let mut seen = Row::new();
    seen.insert("id".to_owned(), user.get("id").cloned().unwrap_or_default());
    for (member, field, scope) in MEMBERS {
        if caller.has(scope) && (field.is_empty() || is_readable(store, field)) {
            seen.insert(member.to_owned(), user.get(member).cloned().unwrap_or_default());
        }
    }
    let has_method = store.has_verification_method(&caller.user);
    seen.extend(row(json!({ "hasSecurityVerificationMethod": has_method })));
    seen
}
