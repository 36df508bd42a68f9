//! `/api/my-account/sessions` and `/api/my-account/grants`: where a user is signed in at the
//! tenant, and what apps may do for them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Caller, editable, readable};
use crate::call::Call;
use crate::directory::text;
use crate::reply;
use crate::routes::management::refused::Refused;
use crate::scopes::is_oidc;
use crate::state::Shared;
use crate::store::{Grant, Session, Store};

const SCOPE: &str = "urn:logto:scope:sessions";

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let store = tenant.store();
    let caller = allowed(&tenant, &store, &call, readable)?;
    let now = tenant.clock.seconds();
    let own = |session: &&Session| {
        session.user.as_deref() == Some(caller.user.as_str()) && session.expires > now
    };
    let mut sessions: Vec<&Session> = store.sessions.values().filter(own).collect();
    sessions.sort_by_key(|session| (session.signed_in_at, &session.uid));
    let sessions: Vec<Value> =
        sessions.into_iter().map(|session| described(&store, &caller, session)).collect();
    Ok(reply::json(StatusCode::OK, &json!({ "sessions": sessions })))
}

pub(super) async fn end(
    State(tenant): State<Shared>,
    Path(uid): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = allowed(&tenant, &store, &call, editable)?;
    let mut sessions = store.sessions.iter();
    let found = sessions.find(|(_, session)| {
        session.uid == uid && session.user.as_deref() == Some(caller.user.as_str())
    });
    let Some((cookie, session)) = found.map(|(cookie, session)| (cookie.clone(), session)) else {
        let refused = Refused::bad_request("oidc.session_not_found", "Session not found.");
        return Err(refused.with_data(json!({ "status": 404 })));
    };
    let is_third_party = |id: &str| store.app(id).is_some_and(|app| app.third_party);
    let authorizations = session.authorizations.iter();
    let revoked: Vec<String> = authorizations
        .filter(|(app, _)| match call.query.get("revokeGrantsTarget") {
            Some("all") => true,
            Some("firstParty") => !is_third_party(app),
            _ => false,
        })
        .map(|(_, authorization)| authorization.grant_id.clone())
        .collect();
    for grant in revoked {
        store.revoke_grant(&grant);
    }
    store.end_session(&cookie);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn grants(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let store = tenant.store();
    let caller = allowed(&tenant, &store, &call, readable)?;
    let now = tenant.clock.seconds();
    let third_party = match call.query.get("appType") {
        Some("thirdParty") => Some(true),
        Some("firstParty") => Some(false),
        _ => None,
    };
    let wanted = |grant: &Grant| {
        let app = store.app(&grant.app_id);
        grant.user == caller.user
            && grant.expires > now
            && third_party.is_none_or(|it| app.is_some_and(|app| app.third_party == it))
    };
    let mut grants: Vec<_> = store.grants.iter().filter(|(_, grant)| wanted(grant)).collect();
    grants.sort_by_key(|(id, grant)| (grant.issued, *id));
    let grants: Vec<Value> =
        grants.into_iter().map(|(id, grant)| described_grant(&store, id, grant)).collect();
    Ok(reply::json(StatusCode::OK, &json!({ "grants": grants })))
}

/// The sessions that it belongs to end with it.
pub(super) async fn revoke_grant(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = allowed(&tenant, &store, &call, editable)?;
    if store.grants.get(&id).is_none_or(|grant| grant.user != caller.user) {
        let message = "Grant request is invalid.";
        return Err(Refused::new(StatusCode::NOT_FOUND, "oidc.invalid_grant", message));
    }
    store.revoke_grant(&id);
    store.sessions.retain(|_, session| {
        session.authorizations.values().all(|authorization| authorization.grant_id != id)
    });
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn allowed(
    tenant: &Shared,
    store: &Store,
    call: &Call,
    field: fn(&Store, &str) -> Result<(), Refused>,
) -> Result<Caller, Refused> {
    let caller = Caller::new(tenant, store, call)?;
    caller.verified(tenant, store)?;
    field(store, "session")?;
    match caller.has(SCOPE) {
        true => Ok(caller),
        false => Err(Refused::unauthorized()),
    }
}

fn described(store: &Store, caller: &Caller, session: &Session) -> Value {
    let id = store.user(&caller.user).map_or("", |user| user.id());
    let authorizations: Map<String, Value> = session
        .authorizations
        .iter()
        .map(|(app, one)| {
            let authorization = json!({
                "sid": one.sid, "grantId": one.grant_id, "persistsLogout": one.persists_logout,
            });
            (app.clone(), authorization)
        })
        .collect();
    let connector = store.directory.connectors.first().map_or("", |one| one.id.as_str());
    json!({
        "payload": {
            "exp": session.expires, "iat": session.signed_in_at, "jti": session.uid, "uid": session.uid,
            "kind": "Session", "loginTs": session.signed_in_at, "accountId": id,
            "authorizations": authorizations,
        },
        "lastSubmission": {
            "interactionEvent": "SignIn", "userId": id,
            "verificationRecords": [{ "id": session.uid, "connectorId": connector, "type": "Social" }],
            "signInContext": { "ip": "127.0.0.1", "userAgent": session.user_agent },
        },
        "clientId": session.app_id, "accountId": id, "expiresAt": session.expires * 1000,
        "isCurrent": caller.session_uid.as_ref() == Some(&session.uid),
    })
}

fn described_grant(store: &Store, id: &str, grant: &Grant) -> Value {
    let account = store.user(&grant.user).map_or("", |user| user.id());
    let mut scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
    scopes.retain(|scope| is_oidc(scope));
    scopes.sort_unstable();
    let name = store.app(&grant.app_id).map_or("", |app| text(&app.about, "name"));
    json!({
        "id": id,
        "payload": {
            "exp": grant.expires, "iat": grant.issued, "jti": id, "kind": "Grant",
            "clientId": grant.app_id, "accountId": account, "openid": { "scope": scopes.join(" ") },
        },
        "expiresAt": grant.expires * 1000,
        "application": { "id": grant.app_id, "name": name },
    })
}
