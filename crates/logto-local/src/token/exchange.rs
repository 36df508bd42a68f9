//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): for a token that stands
//! for someone, another one of theirs.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::call::Params;
use crate::problem::Problem;
use crate::random;
use crate::state::Tenant;
use crate::store::{Authorized, GRANT_LIFE, Grant, Store};
use crate::token::issue::{self, Wanted};
use crate::users::TestUser;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PERSONAL_ACCESS_TOKEN: &str = "urn:logto:token-type:personal_access_token";
const IMPERSONATION_TOKEN: &str = "urn:logto:token-type:impersonation_token";

/// Scopes must be asked for; those that the user does not have are dropped without a word. There
/// is neither a refresh token nor an ID token.
pub(crate) fn exchange(
    tenant: &Tenant,
    store: &mut Store,
    app_id: &str,
    form: &Params,
) -> Result<Value, Problem> {
    let required = |name| form.get(name).ok_or_else(|| Problem::missing(name));
    let (subject, kind) = (required("subject_token")?, required("subject_token_type")?);
    let actor = match form.get("actor_token") {
        Some(token) => Some(actor(tenant, store, token, form.get("actor_token_type"))?),
        None => None,
    };
    let user = user_of(tenant, store, subject, kind).ok_or_else(Problem::invalid_grant)?;
    let handle = user.handle().to_owned();
    let organization = form.get("organization_id");
    if let Some(organization) = organization {
        issue::check_membership(user, organization)?;
    }
    let resource = match form.resources().as_slice() {
        [] => None,
        [only] if store.directory.permissions(only).is_some() => Some(only.clone()),
        _ => return Err(Problem::unknown_resource()),
    };
    let scopes = form.get("scope").unwrap_or_default().split_whitespace();
    let scopes: Vec<String> = scopes.map(str::to_owned).collect();

    let grant_id = random::token()?;
    let grant = Grant {
        user: handle.clone(),
        app_id: app_id.to_owned(),
        issued: tenant.clock.seconds(),
        scopes: HashSet::from_iter(scopes.iter().cloned()),
        expires: tenant.clock.seconds() + GRANT_LIFE,
    };
    store.grants.insert(grant_id.clone(), grant);
    let authorized = Authorized {
        app_id: app_id.to_owned(),
        user: handle,
        grant_id,
        session_uid: None,
        sid: None,
        scopes: scopes.clone(),
        resources: Vec::new(),
        nonce: None,
        auth_time: None,
        actor,
    };
    let wanted = Wanted { scopes, resource, organization: organization.map(str::to_owned) };
    let (access_token, scope) = issue::access_token_of(tenant, store, &authorized, &wanted)?;
    store.subjects.consume(subject);
    Ok(json!({
        "access_token": access_token, "expires_in": store.access_token_life, "scope": scope,
        "token_type": "Bearer",
    }))
}

/// The id of the user who acts for the subject. Logto accepts an opaque token with `openid` only.
fn actor(
    tenant: &Tenant,
    store: &Store,
    token: &str,
    kind: Option<&str>,
) -> Result<String, Problem> {
    let token = store.access_token(token, tenant.clock.seconds());
    let token = token.filter(|token| token.scopes.iter().any(|scope| scope == "openid"));
    let actor = token.and_then(|token| store.user(&token.authorized.user));
    match (actor, kind) {
        (Some(actor), Some(ACCESS_TOKEN)) => Ok(actor.id().to_owned()),
        _ => Err(Problem::invalid_grant()),
    }
}

/// Whom the token stands for.
fn user_of<'a>(
    tenant: &Tenant,
    store: &'a Store,
    subject: &str,
    kind: &str,
) -> Option<&'a TestUser> {
    let now = tenant.clock.seconds();
    let by_handle = |handle: &str| store.user(handle);
    let user = match kind {
        PERSONAL_ACCESS_TOKEN => store.subjects.find_by_personal_token(subject).and_then(by_handle),
        // The first kind is what older versions of Logto call a subject token.
        ACCESS_TOKEN | IMPERSONATION_TOKEN if subject.starts_with("sub_") => {
            let handle = store.subjects.find_by_subject_token(subject, now);
            handle.and_then(by_handle)
        }
        ACCESS_TOKEN => match store.access_token(subject, now) {
            Some(opaque) if is_first_party(store, &opaque.authorized.app_id) => {
                by_handle(&opaque.authorized.user)
            }
            Some(_) => None,
            None => user_of_jwt(tenant, store, subject),
        },
        _ => None,
    };
    user.filter(|user| !store.suspended.contains(user.handle()))
}

/// Since 1.43 Logto exchanges tokens of the tenant's own applications only.
fn is_first_party(store: &Store, app_id: &str) -> bool {
    store.app(app_id).is_some_and(|app| !app.third_party)
}

/// Any JWT of this tenant that is not over.
fn user_of_jwt<'a>(tenant: &Tenant, store: &'a Store, token: &str) -> Option<&'a TestUser> {
    let claims = store.keys.verify_with_any(token).ok()?;
    let lives = claims.get("exp")?.as_u64()? > tenant.clock.seconds();
    let sub = claims.get("sub")?.as_str()?;
    let client_id = claims.get("client_id")?.as_str()?;
    let lives = lives && is_first_party(store, client_id);
    let mut users = store.users.iter();
    users.find(|user| lives && user.id() == sub)
}
