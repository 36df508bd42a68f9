//! `grant_type=client_credentials`.

use serde_json::{Map, Value};

use crate::call::Params;
use crate::problem::Problem;
use crate::scopes::ORGANIZATIONS;
use crate::state::Tenant;
use crate::store::Store;
use crate::token::issue::{self, Subject};

/// Scopes must be asked for; those that are refused are dropped without a word.
pub(crate) fn client_credentials(
    tenant: &Tenant,
    store: &Store,
    app_id: &str,
    form: &Params,
) -> Result<Value, Problem> {
    let resources = form.resources();
    let resource = resources.first().map(String::as_str);
    let organization = form.get("organization_id");
    if resource.is_none() && organization.is_none() {
        return Err(Problem::invalid_target(
            "both `resource` and `organization_id` are not provided",
        ));
    }
    if resource.is_some_and(|resource| store.directory.permissions(resource).is_none())
        || resources.len() > 1
    {
        return Err(Problem::unknown_resource());
    }
    if organization.is_some_and(|id| !store.directory.is_app_in(app_id, id)) {
        return Err(Problem::access_denied("app has not associated with the organization"));
    }
    let permitted = store.app(app_id).map(|app| {
        let resource = resource.unwrap_or(ORGANIZATIONS);
        store.directory.for_app(app, resource, organization)
    });
    let permitted = permitted.unwrap_or_default();
    let asked = form.get("scope").unwrap_or_default().split_whitespace();
    let scope = asked.filter(|scope| permitted.contains(scope)).collect::<Vec<_>>().join(" ");
    // An organization token says `""`; a token for a resource leaves the member out.
    let scope = Some(scope).filter(|scope| !scope.is_empty() || resource.is_none());

    let subject = Subject { sub: app_id, client_id: app_id, scope: scope.as_deref(), actor: None };
    let within = organization.filter(|_| resource.is_some());
    let token = issue::access_token(
        tenant,
        store,
        &subject,
        &issue::audience(resource, organization),
        within,
    )?;
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), token.into());
    answer.insert("expires_in".to_owned(), store.access_token_life.into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    if let Some(scope) = scope {
        answer.insert("scope".to_owned(), scope.into());
    }
    Ok(Value::Object(answer))
}
