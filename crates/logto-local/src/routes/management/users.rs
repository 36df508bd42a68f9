//! `/api/users`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use super::{organizations, roles};
use crate::call::Call;
use crate::directory::{HUGGING_FACE, Row, text};
use crate::state::{Shared, Tenant};
use crate::store::{Account, Store};
use crate::subjects::SUBJECT_TOKEN_LIFE;
use crate::users::{Membership, TestUser};
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply};

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = {
        let store = tenant.store();
        // As in SQL, `%` stands for anything at the end.
        let wanted = call.query.get("search").unwrap_or_default();
        let wanted = wanted.trim_matches('%').to_lowercase();
        let named = |user: &&TestUser| {
            let texts = [user.claimed_name(), user.claimed_email(), Some(user.handle())];
            texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&wanted))
        };
        let users = store.users.iter().filter(named);
        users.filter_map(|user| shown(&tenant, &store, user)).collect()
    };
    paged(&tenant, &call, all)
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let name = text(&body, "username");
    let mut issues = Issues::default();
    if body.contains_key("username") && !is_user_name(name) {
        issues.pattern(&["username".into()]);
    }
    issues.check()?;
    let mut store = tenant.store();
    if !name.is_empty() && store.accounts.values().any(|one| one.user_name.as_deref() == Some(name))
    {
        let message = "This username is already in use.";
        return Err(Refused::unprocessable("user.username_already_in_use", message));
    }
    let id = random::id(12)?;
    let user = TestUser::created(&id, text_of(&body, "name"), text_of(&body, "primaryEmail"));
    let now = tenant.clock.millis();
    let account = Account {
        created_ms: now,
        updated_ms: now,
        user_name: text_of(&body, "username").map(str::to_owned),
        has_password: body.contains_key("password"),
        password: text_of(&body, "password").map(str::to_owned),
        ..Account::default()
    };
    store.accounts.insert(user.handle().to_owned(), account);
    let answer = shown(&tenant, &store, &user);
    store.users.push(user);
    let told = ApiCall::new("POST", 200, "/users", &[]).with_data(answer.clone());
    tell_of_call(&tenant, &store, "User.Created", told, json!({}));
    Ok(reply::json(StatusCode::OK, &answer))
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let user = find(&store, &id).and_then(|user| shown(&tenant, &store, user));
    let user = user.ok_or_else(|| Refused::not_found("users", &id))?;
    Ok(reply::json(StatusCode::OK, &user))
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let handle = handle_of(&store, &id)?;
    let mut user = store.user(&handle).and_then(|user| shown(&tenant, &store, user));
    if let Some(user) = user.as_mut().and_then(Value::as_object_mut) {
        user.remove("hasPassword");
    }
    store.end_everything_of(&handle);
    store.accounts.remove(&handle);
    store.users.retain(|user| user.handle() != handle || user.has_hugging_face());
    let told = ApiCall::new("DELETE", 204, "/users/:userId", &[("userId", &id)]).with_data(user);
    tell_of_call(&tenant, &store, "User.Deleted", told, json!({}));
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn suspend(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let handle = handle_of(&store, &id)?;
    if input::body(&call).get("isSuspended") == Some(&Value::Bool(true)) {
        store.suspended.insert(handle.clone());
        store.end_everything_of(&handle);
    } else {
        store.suspended.remove(&handle);
    }
    let user = store.user(&handle).and_then(|user| shown(&tenant, &store, user));
    let told = ApiCall::new("PATCH", 200, "/users/:userId/is-suspended", &[("userId", &id)])
        .with_data(user.clone());
    tell_of_call(&tenant, &store, "User.SuspensionStatus.Updated", told, json!({}));
    Ok(reply::json(StatusCode::OK, &user))
}

/// As recorded, it tells no webhook.
pub(super) async fn delete_identity(
    State(tenant): State<Shared>,
    Path((id, target)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let handle = handle_of(&store, &id)?;
    if target != HUGGING_FACE || store.hugging_face_of(&handle).is_none() {
        return Err(Refused::no_identity());
    }
    store.unlink(&handle);
    store.vault.forget(&handle);
    let user = store.user(&handle).and_then(|user| shown(&tenant, &store, user));
    Ok(reply::json(StatusCode::OK, &user))
}

pub(super) async fn add_roles(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let asked = roles::asked(&store.directory, &input::body(&call))?;
    let handle = handle_of(&store, &id)?;
    let mut added = Vec::new();
    for user in store.users.iter_mut().filter(|user| user.handle() == handle) {
        added = asked.iter().filter(|role| user.add_role(text(role, "name"))).collect();
    }
    let ids =
        |roles: &[&Row]| roles.iter().map(|role| text(role, "id").to_owned()).collect::<Vec<_>>();
    let all: Vec<&Row> = asked.iter().collect();
    let answer = json!({ "roleIds": ids(&all), "addedRoleIds": ids(&added) });
    Ok(reply::json(StatusCode::CREATED, &answer))
}

/// The organizations that the user is in, with their roles there.
pub(super) async fn organizations(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let user = find(&store, &id).ok_or_else(|| Refused::not_found("users", &id))?;
    let directory = &store.directory;
    let organization = |one: &Membership| {
        let mut shown = organizations::shown(directory.organizations.get(&one.id)?);
        let role = directory.organization_roles.find("name", &one.role);
        let role = role.map(|role| json!({ "id": text(role, "id"), "name": one.role }));
        shown.insert("organizationRoles".to_owned(), role.into_iter().collect());
        Some(shown)
    };
    let all: Vec<Row> = user.memberships().iter().filter_map(organization).collect();
    Ok(reply::json(StatusCode::OK, &all))
}

/// With it an app that may exchange tokens acts as the user.
pub(super) async fn subject_token(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let user = handle_of(&store, text(&input::body(&call), "userId"))?;
    let value = format!("sub_{}", random::id(21)?);
    let answer = json!({ "subjectToken": value, "expiresIn": SUBJECT_TOKEN_LIFE });
    let now = tenant.clock.seconds();
    store.subjects.add_subject_token(value, user, now);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

pub(crate) fn is_user_name(text: &str) -> bool {
    let begins_well = !text.starts_with(|c: char| c.is_ascii_digit());
    begins_well && !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn find<'a>(store: &'a Store, id: &str) -> Option<&'a TestUser> {
    store.users.iter().find(|user| user.id() == id)
}

/// Of a user who is a user already.
fn handle_of(store: &Store, id: &str) -> Result<String, Refused> {
    find(store, id)
        .map(|user| user.handle().to_owned())
        .filter(|handle| store.accounts.contains_key(handle))
        .ok_or_else(|| Refused::not_found("users", id))
}

fn text_of<'a>(body: &'a Row, member: &str) -> Option<&'a str> {
    body.get(member).and_then(Value::as_str)
}

pub(crate) fn shown(tenant: &Tenant, store: &Store, user: &TestUser) -> Option<Value> {
    let account = store.accounts.get(user.handle())?;
    let identities = store.identities(user.handle(), &tenant.endpoint);
    let avatar = store.avatar_of(user.handle(), &tenant.endpoint);
    Some(json!({
        "id": user.id(), "username": account.user_name, "primaryEmail": user.claimed_email(),
        "primaryPhone": null, "name": user.claimed_name(), "avatar": avatar,
        "customData": account.custom_data, "identities": identities, "lastSignInAt": account.signed_in_ms,
        "createdAt": account.created_ms, "updatedAt": account.updated_ms, "profile": account.profile,
        "applicationId": account.app_id, "cimdClientId": null,
        "isSuspended": store.suspended.contains(user.handle()), "hasPassword": account.has_password,
    }))
}
