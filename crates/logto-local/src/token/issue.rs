//! The response of the token endpoint.

use serde_json::{Value, json};

use crate::problem::Problem;
use crate::random;
use crate::scopes::{self, ORGANIZATIONS};
use crate::state::Tenant;
use crate::store::{AccessToken, Authorized, REFRESH_TOKEN_LIFE, RefreshToken, Store};
use crate::token::claims;
use crate::users::TestUser;

/// What this request is for, within what was granted.
pub(crate) struct Wanted {
    pub(crate) scopes: Vec<String>,
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
}

/// The resource of a JWT. With two of them Logto answers with an opaque token instead.
pub(crate) fn single_resource(
    authorized: &Authorized,
    asked: &[String],
) -> Result<Option<String>, Problem> {
    if asked.iter().any(|resource| !authorized.resources.contains(resource)) {
        return Err(Problem::unknown_resource());
    }
    Ok(match asked {
        [only] => Some(only.clone()),
        _ => None,
    })
}

pub(crate) fn tokens(
    tenant: &Tenant,
    store: &mut Store,
    authorized: &Authorized,
    wanted: &Wanted,
    refresh_token: Option<String>,
) -> Result<Value, Problem> {
    let (access_token, scope) = access_token_of(tenant, store, authorized, wanted)?;
    let mut answer = serde_json::Map::new();
    answer.insert("access_token".to_owned(), access_token.into());
    answer.insert("expires_in".to_owned(), store.access_token_life.into());
    if wanted.scopes.iter().any(|scope| scope == "openid") {
        let claims = claims::id_token(tenant, store, authorized, &wanted.scopes);
        answer.insert("id_token".to_owned(), store.keys.sign(None, &claims)?.into());
    }
    if let Some(refresh_token) = refresh_token {
        answer.insert("refresh_token".to_owned(), refresh_token.into());
    }
    answer.insert("scope".to_owned(), scope.into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    Ok(Value::Object(answer))
}

/// A refresh token, if it was granted.
pub(crate) fn refresh_token(
    store: &mut Store,
    authorized: &Authorized,
    now: u64,
) -> Result<Option<String>, Problem> {
    if !authorized.has("offline_access") {
        return Ok(None);
    }
    let value = random::token()?;
    let fresh = RefreshToken {
        authorized: authorized.clone(),
        issued: now,
        expires: now + REFRESH_TOKEN_LIFE,
        consumed_ms: None,
    };
    store.refresh_tokens.insert(value.clone(), fresh);
    Ok(Some(value))
}

/// An access token of the user, and its scope.
pub(crate) fn access_token_of(
    tenant: &Tenant,
    store: &mut Store,
    authorized: &Authorized,
    wanted: &Wanted,
) -> Result<(String, String), Problem> {
    match (&wanted.resource, &wanted.organization) {
        (None, None) => opaque(tenant, store, authorized, &wanted.scopes),
        _ => jwt(tenant, store, authorized, wanted),
    }
}

pub(crate) fn check_membership(user: &TestUser, organization: &str) -> Result<(), Problem> {
    let mut memberships = user.memberships().iter();
    if memberships.any(|one| one.id == organization) {
        Ok(())
    } else {
        Err(Problem::access_denied("user is not a member of the organization"))
    }
}

/// For the tenant's own endpoints; it carries OIDC scopes only.
fn opaque(
    tenant: &Tenant,
    store: &mut Store,
    authorized: &Authorized,
    scopes: &[String],
) -> Result<(String, String), Problem> {
    let now = tenant.clock.seconds();
    let scopes: Vec<String> =
        scopes.iter().filter(|scope| scopes::is_oidc(scope)).cloned().collect();
    let scope = scopes.join(" ");
    let value = random::token()?;
    let token = AccessToken {
        authorized: authorized.clone(),
        scopes,
        issued: now,
        expires: now + store.access_token_life,
    };
    store.access_tokens.insert(value.clone(), token);
    Ok((value, scope))
}

/// For an API, an organization, or an API within an organization.
fn jwt(
    tenant: &Tenant,
    store: &Store,
    authorized: &Authorized,
    wanted: &Wanted,
) -> Result<(String, String), Problem> {
    let user = store.user(&authorized.user).ok_or_else(Problem::invalid_grant)?;
    let organization = wanted.organization.as_deref();
    let resource = wanted.resource.as_deref().unwrap_or(ORGANIZATIONS);
    let permitted = store.directory.for_user(user, resource, organization);
    let scope: Vec<&str> = permitted
        .into_iter()
        .filter(|scope| wanted.scopes.iter().any(|one| one == scope))
        .collect();
    let scope = scope.join(" ");
    let audience = audience(wanted.resource.as_deref(), organization);
    let subject = Subject {
        sub: user.id(),
        client_id: &authorized.app_id,
        scope: Some(&scope),
        actor: authorized.actor.as_deref(),
    };
    let within = organization.filter(|_| wanted.resource.is_some());
    Ok((access_token(tenant, store, &subject, &audience, within)?, scope))
}

pub(crate) fn audience(resource: Option<&str>, organization: Option<&str>) -> String {
    match (resource, organization) {
        (Some(resource), _) => resource.to_owned(),
        (None, organization) => {
            format!("urn:logto:organization:{}", organization.unwrap_or_default())
        }
    }
}

pub(crate) struct Subject<'a> {
    pub(crate) sub: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) scope: Option<&'a str>,
    pub(crate) actor: Option<&'a str>,
}

/// A JWT access token. `within` is the organization of a token for an API resource.
pub(crate) fn access_token(
    tenant: &Tenant,
    store: &Store,
    subject: &Subject<'_>,
    audience: &str,
    within: Option<&str>,
) -> Result<String, Problem> {
    let now = tenant.clock.seconds();
    let mut claims = json!({
        "jti": random::token()?, "sub": subject.sub, "iat": now, "exp": now + store.access_token_life,
        "client_id": subject.client_id, "iss": tenant.issuer, "aud": audience,
    });
    if let Some(claims) = claims.as_object_mut() {
        for (name, value) in [("scope", subject.scope), ("organization_id", within)] {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value.into());
            }
        }
        if let Some(actor) = subject.actor {
            claims.insert("act".to_owned(), json!({ "sub": actor }));
        }
    }
    Ok(store.keys.sign(Some("at+jwt"), &claims)?)
}
