//! `/api/verifications`: records that say who a user is, or that an account elsewhere is theirs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Caller;
use crate::call::Call;
use crate::directory::{Row, row, text};
use crate::routes::management::input::{self, Issues};
use crate::routes::management::refused::Refused;
use crate::state::{Shared, Tenant};
use crate::store::{Linked, SocialLeg, Verification};
use crate::{random, reply, time};

/// How long a record is good for.
const LIFE_MS: u64 = 600_000;

/// A record by password, which is good at once.
pub(super) async fn password(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "password");
    issues.check()?;
    let account = store.accounts.get(&caller.user);
    let known = account.and_then(|account| account.password.as_deref());
    if known != Some(text(&body, "password")) {
        let message = "Incorrect account or password. Please check your input.";
        return Err(Refused::unprocessable("session.invalid_credentials", message));
    }
    let record = Verification { identifies: true, ..begun(&tenant, &caller) };
    let (id, answer) = described(&record)?;
    store.verifications.insert(id, record);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

/// A record that waits for a code. No mail is sent: the tenant's own page shows the code.
pub(super) async fn code(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    let identifier = identifier(&call);
    if text(&identifier, "type") != "email" {
        let message = "Cannot find any available connector for type: Sms.";
        return Err(Refused::new(StatusCode::NOT_IMPLEMENTED, "connector.not_found", message));
    }
    let code = random::bytes::<4>()?;
    let code = format!("{:06}", u32::from_le_bytes(code) % 1_000_000);
    let email = text(&identifier, "value").to_owned();
    let record = Verification { code: Some((email, code)), ..begun(&tenant, &caller) };
    let (id, answer) = described(&record)?;
    store.verifications.insert(id, record);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

pub(super) async fn verify_code(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    let body = input::body(&call);
    let address = text(&identifier(&call), "value").to_owned();
    let owner = store.user(&caller.user);
    let is_own = owner.is_some_and(|user| user.has_email(&address));
    let id = text(&body, "verificationId");
    let record = found(&tenant, &mut store.verifications, &caller, id)?;
    let is_right = record
        .code
        .as_ref()
        .is_some_and(|(email, code)| *email == address && code == text(&body, "code"));
    if !is_right {
        let message = "Invalid verification code.";
        return Err(Refused::bad_request("verification_code.code_mismatch", message));
    }
    record.identifies = is_own;
    Ok(reply::json(StatusCode::OK, &json!({ "verificationRecordId": id })))
}

/// A record that waits for the way back from another service.
pub(super) async fn social(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let mut store = tenant.store();
    let caller = Caller::who_writes(&tenant, &store, &call)?;
    let body = input::body(&call);
    let mut issues = Issues::default();
    for name in ["connectorId", "state", "redirectUri"] {
        issues.text(&body, name);
    }
    issues.check()?;
    let id = text(&body, "connectorId");
    let connector = store.directory.connectors.iter().find(|one| one.id == id);
    let connector = connector.ok_or_else(|| {
        Refused::unprocessable("session.invalid_connector_id", "The connector ID is invalid.")
    })?;
    let (state, callback) = (text(&body, "state"), text(&body, "redirectUri"));
    let configured = text(&connector.config, "scope");
    let scope = body.get("scope").and_then(Value::as_str).unwrap_or(configured).to_owned();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", text(&connector.config, "clientId"))
        .append_pair("scope", &scope)
        .append_pair("redirect_uri", callback)
        .append_pair("state", state)
        .finish();
    let leg = SocialLeg {
        connector: connector.id.clone(),
        callback: callback.to_owned(),
        code: random::token()?,
        token: format!("hf_oauth_{}", random::token()?),
        user: None,
        expires: tenant.clock.seconds() + LIFE_MS / 1000,
    };
    let record = Verification { leg: Some((state.to_owned(), scope)), ..begun(&tenant, &caller) };
    let (id, mut answer) = described(&record)?;
    let address = format!("{}/hugging-face/oauth/authorize?{query}", tenant.endpoint);
    answer.insert("authorizationUri".to_owned(), address.into());
    store.social.insert(state.to_owned(), leg);
    store.verifications.insert(id, record);
    Ok(reply::json(StatusCode::CREATED, &answer))
}

pub(super) async fn verify_social(
    State(tenant): State<Shared>,
    call: Call,
) -> Result<Response, Refused> {
    let store = &mut *tenant.store();
    let caller = Caller::who_writes(&tenant, store, &call)?;
    let body = input::body(&call);
    let data = row(body.get("connectorData").cloned().unwrap_or_default());
    let id = text(&body, "verificationRecordId");
    let record = found(&tenant, &mut store.verifications, &caller, id)?;
    let (state, scope) = record.leg.clone().ok_or_else(record_not_found)?;
    let now = tenant.clock.seconds();
    let leg = store.social.get(&state).filter(|leg| {
        leg.expires > now
            && leg.code == text(&data, "code")
            && leg.callback == text(&data, "redirectUri")
            && state == text(&data, "state")
    });
    let linked = leg.and_then(|leg| {
        let account = leg.user.clone()?;
        Some(Linked { connector: leg.connector.clone(), account, token: leg.token.clone(), scope })
    });
    let linked = linked.ok_or_else(|| {
        let message = "Error occurred in connector: {\"message\":\"{}\"}";
        Refused::bad_request("connector.general", message).with_data(json!({ "message": "{}" }))
    })?;
    record.linked = Some(linked);
    store.social.remove(&state);
    Ok(reply::json(StatusCode::OK, &json!({ "verificationRecordId": id })))
}

fn begun(tenant: &Tenant, caller: &Caller) -> Verification {
    Verification {
        user: caller.user.clone(),
        expires_ms: tenant.clock.millis() + LIFE_MS,
        ..Verification::default()
    }
}

/// A new id, and the answer with it.
fn described(record: &Verification) -> Result<(String, Row), Refused> {
    let id = random::id(21)?;
    let expires = time::iso(record.expires_ms);
    let answer = row(json!({ "verificationRecordId": id, "expiresAt": expires }));
    Ok((id, answer))
}

fn found<'a>(
    tenant: &Tenant,
    records: &'a mut std::collections::HashMap<String, Verification>,
    caller: &Caller,
    id: &str,
) -> Result<&'a mut Verification, Refused> {
    let now = tenant.clock.millis();
    let record = records.get_mut(id);
    let own = record.filter(|one| one.user == caller.user && one.expires_ms > now);
    own.ok_or_else(record_not_found)
}

pub(super) fn record_not_found() -> Refused {
    let message = "Verification record not found.";
    Refused::bad_request("verification_record.not_found", message)
}

fn identifier(call: &Call) -> Row {
    row(input::body(call).get("identifier").cloned().unwrap_or_default())
}
