//! `/api/organization-scopes` and `/api/organization-roles`: the organization template.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, Table, row, text, texts, visible};
use crate::state::{Shared, Tenant};
use crate::webhooks::{ApiCall, tell_of_call};
use crate::{random, reply, time};

const HIDDEN: [&str; 2] = ["organizationScopeIds", "resourceScopeIds"];

pub(super) async fn scopes(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = shown(&tenant.store().directory.organization_scopes);
    paged(&tenant, &call, all)
}

pub(super) async fn roles(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let all = shown(&tenant.store().directory.organization_roles);
    paged(&tenant, &call, all)
}

pub(super) async fn add_scope(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let new = described(&body)?;
    let mut store = tenant.store();
    let shown = add(&mut store.directory.organization_scopes, new)?;
    let told = ApiCall::new("POST", 201, "/organization-scopes", &[]);
    let call = told.with_data(json!(shown));
    tell_of_call(&tenant, &store, "OrganizationScope.Created", call, json!({}));
    Ok(reply::json(StatusCode::CREATED, &shown))
}

pub(super) async fn add_role(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut new = described(&body)?;
    let kind = body.get("type").cloned();
    new.insert("type".to_owned(), kind.unwrap_or_else(|| "User".into()));
    for list in HIDDEN {
        let ids = body.get(list).cloned();
        new.insert(list.to_owned(), ids.unwrap_or_else(|| json!([])));
    }
    let gives = HIDDEN.iter().any(|list| texts(&new, list).next().is_some());
    let mut store = tenant.store();
    let shown = add(&mut store.directory.organization_roles, new)?;
    let told = ApiCall::new("POST", 201, "/organization-roles", &[]);
    let created_at = time::iso(tenant.clock.millis());
    if gives {
        let more = json!({ "createdAt": created_at, "organizationRoleId": text(&shown, "id") });
        tell_of_call(&tenant, &store, "OrganizationRole.Scopes.Updated", told.clone(), more);
    }
    let call = told.with_data(json!(shown));
    let more = json!({ "createdAt": created_at });
    tell_of_call(&tenant, &store, "OrganizationRole.Created", call, more);
    Ok(reply::json(StatusCode::CREATED, &shown))
}

pub(super) async fn scopes_of_role(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    given(&tenant, &id, "organizationScopeIds")
}

pub(super) async fn resource_scopes_of_role(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    given(&tenant, &id, "resourceScopeIds")
}

fn given(tenant: &Tenant, id: &str, list: &str) -> Result<Response, Refused> {
    let store = tenant.store();
    let directory = &store.directory;
    let role = directory.organization_roles.get(id);
    let role = role.ok_or_else(|| Refused::not_found("organization_roles", id))?;
    let table = match list {
        "resourceScopeIds" => &directory.scopes,
        _ => &directory.organization_scopes,
    };
    let scopes = texts(role, list).filter_map(|id| table.get(id));
    let scopes: Vec<Row> = scopes.map(|scope| visible(scope, &[])).collect();
    Ok(reply::json(StatusCode::OK, &scopes))
}

fn described(body: &Row) -> Result<Row, Refused> {
    let mut issues = Issues::default();
    issues.text(body, "name");
    issues.check()?;
    Ok(row(json!({
        "id": random::id(21)?, "name": body.get("name"),
        "description": body.get("description").unwrap_or(&Value::Null),
    })))
}

fn add(table: &mut Table, new: Row) -> Result<Row, Refused> {
    if table.find("name", text(&new, "name")).is_some() {
        return Err(Refused::exists_already());
    }
    let shown = visible(&new, &HIDDEN);
    table.insert(new);
    Ok(shown)
}

fn shown(table: &Table) -> Vec<Value> {
    let rows = table.rows().map(|row| visible(row, &HIDDEN));
    rows.map(Value::Object).collect()
}
