//! `/api/organization-invitations`. No mail is sent.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row, text, texts, visible};
use crate::state::{Shared, Tenant};
use crate::store::Store;
use crate::users::TestUser;
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply};

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "invitee");
    issues.text(&body, "organizationId");
    issues.check()?;
    let now = tenant.clock.millis();
    let (invitee, organization) = (text(&body, "invitee"), text(&body, "organizationId"));
    if body.get("expiresAt").and_then(Value::as_u64).is_none_or(|ends| ends <= now) {
        let message = "Input is invalid. The value of `expiresAt` must be in the future.";
        return Err(Refused::bad_request("request.invalid_input", message));
    }
    let mut store = tenant.store();
    let is_member = |user: &TestUser| {
        user.has_email(invitee) && user.memberships().iter().any(|one| one.id == organization)
    };
    if store.users.iter().any(is_member) {
        return Err(invalid("The invitee is already a member of the organization."));
    }
    let is_the_same = |one: &&Row| {
        text(one, "invitee") == invitee
            && text(one, "organizationId") == organization
            && status_of(&tenant, one) == "Pending"
    };
    if store.directory.invitations.rows().any(|one| is_the_same(&one)) {
        return Err(Refused::exists_already());
    }
    let directory = &store.directory;
    let roles = texts(&body, "organizationRoleIds").map(|id| {
        let role = directory.organization_roles.get(id)?;
        Some(json!({ "id": id, "name": text(role, "name") }))
    });
    let roles: Option<Vec<Value>> = roles.collect();
    let (Some(roles), Some(_)) = (roles, directory.organizations.get(organization)) else {
        let message = "Cannot find one or more foreign keys. Please check the input and ensure that all \
                       referenced entities exist.";
        return Err(Refused::unprocessable("entity.relation_foreign_key_not_found", message));
    };
    let new = row(json!({
        "id": random::id(21)?, "inviterId": body.get("inviterId"), "invitee": invitee,
        "acceptedUserId": null, "organizationId": organization, "status": "Pending", "createdAt": now,
        "updatedAt": now, "expiresAt": body.get("expiresAt"), "organizationRoles": roles,
    }));
    let answer = reply::json(StatusCode::CREATED, &visible(&new, &[]));
    store.directory.invitations.insert(new);
    Ok(answer)
}

/// The newest first, and all at once.
pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Response {
    let store = tenant.store();
    let wanted = |row: &&Row| {
        ["organizationId", "invitee", "inviterId"]
            .iter()
            .all(|name| call.query.get(name).is_none_or(|value| text(row, name) == value))
    };
    let all = store.directory.invitations.rows().rev().filter(wanted);
    let all: Vec<Row> = all.map(|row| shown(&tenant, row)).collect();
    reply::json(StatusCode::OK, &all)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let found = store.directory.invitations.get(&id).ok_or_else(not_found)?;
    Ok(reply::json(StatusCode::OK, &shown(&tenant, found)))
}

pub(super) async fn send_again(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    store.directory.invitations.get(&id).ok_or_else(not_found)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    match tenant.store().directory.invitations.remove(&id) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(not_found()),
    }
}

pub(super) async fn set_status(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let invitation = store.directory.invitations.get(&id).ok_or_else(not_found)?.clone();
    if status_of(&tenant, &invitation) != "Pending" {
        return Err(invalid("The status of the invitation cannot be changed anymore."));
    }
    let status = text(&body, "status");
    if status == "Accepted" {
        let user = body.get("acceptedUserId").and_then(Value::as_str).ok_or_else(|| {
            invalid("The `acceptedUserId` is required when accepting an invitation.")
        })?;
        join(&mut store, &invitation, user)?;
        let route = "/organization-invitations/:id/status";
        let told = ApiCall::new("PUT", 200, route, &[("id", &id)]);
        let more = json!({
            "organizationId": text(&invitation, "organizationId"), "addedUserIds": [user],
        });
        tell_of_call(&tenant, &store, "Organization.Membership.Updated", told, more);
    }
    let now = tenant.clock.millis();
    let found = store.directory.invitations.get_mut(&id).ok_or_else(not_found)?;
    found.insert("status".to_owned(), status.into());
    found.insert("updatedAt".to_owned(), now.into());
    if let Some(user) = body.get("acceptedUserId").filter(|_| status == "Accepted") {
        found.insert("acceptedUserId".to_owned(), user.clone());
    }
    Ok(reply::json(StatusCode::OK, &visible(found, &[])))
}

/// Makes the invited user a member, with the roles of the invitation.
fn join(store: &mut Store, invitation: &Row, user_id: &str) -> Result<(), Refused> {
    let organization = text(invitation, "organizationId");
    let membership = store.membership_in(organization).ok_or_else(not_found)?;
    let user = store.users.iter_mut().find(|user| user.id() == user_id);
    let user = user.filter(|user| user.has_email(text(invitation, "invitee")));
    let user =
        user.ok_or_else(|| invalid("The accepted user must have the same email as the invitee."))?;
    user.join(membership);
    let roles = invitation.get("organizationRoles").and_then(Value::as_array);
    for role in roles.into_iter().flatten() {
        user.take_role(organization, role.get("name").and_then(Value::as_str).unwrap_or_default());
    }
    Ok(())
}

fn status_of<'a>(tenant: &Tenant, invitation: &'a Row) -> &'a str {
    let ends = invitation.get("expiresAt").and_then(Value::as_u64);
    let is_over = ends.is_some_and(|ends| ends <= tenant.clock.millis());
    match text(invitation, "status") {
        "Pending" if is_over => "Expired",
        status => status,
    }
}

fn shown(tenant: &Tenant, invitation: &Row) -> Row {
    let mut shown = visible(invitation, &[]);
    shown.insert("status".to_owned(), status_of(tenant, invitation).into());
    shown
}

fn invalid(why: &str) -> Refused {
    Refused::unprocessable("request.invalid_input", format!("Input is invalid. {why}"))
}

fn not_found() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "entity.not_found", "The resource does not exist.")
}
