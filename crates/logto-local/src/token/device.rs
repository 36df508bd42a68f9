//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628, section 3.4).

use axum::http::StatusCode;
use serde_json::Value;

use crate::call::Params;
use crate::problem::Problem;
use crate::state::Tenant;
use crate::store::{DeviceState, Store};
use crate::token::issue::{self, Wanted};

pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The tokens of a device whose user has confirmed it. Asking once more after that ends all that
/// was issued, as in Logto; asking too often does nothing.
pub(crate) fn poll(
    tenant: &Tenant,
    store: &mut Store,
    app_id: &str,
    form: &Params,
) -> Result<Value, Problem> {
    let refuse = |error, why| Err(Problem::new(StatusCode::BAD_REQUEST, error, why));
    let (now, value) = (
        tenant.clock.seconds(),
        form.get("device_code").ok_or_else(|| Problem::missing("device_code"))?,
    );
    let device = store.devices.get_mut(value).filter(|device| device.request.app_id == app_id);
    let device = device.ok_or_else(Problem::invalid_grant)?;
    let authorized = match &device.state {
        DeviceState::Waiting if device.expires <= now => {
            return refuse("expired_token", "device code is expired");
        }
        DeviceState::Waiting => {
            let why = "authorization request is still pending as the end-user hasn't yet completed the user \
                       interaction steps";
            return refuse("authorization_pending", why);
        }
        DeviceState::Denied => {
            device.state = DeviceState::Ended;
            return refuse("access_denied", "End-User aborted interaction");
        }
        DeviceState::Ended => return Err(Problem::invalid_grant()),
        DeviceState::Consumed(grant) => {
            let grant = grant.clone();
            store.revoke_grant(&grant);
            return Err(Problem::invalid_grant());
        }
        DeviceState::Granted(authorized) => authorized.clone(),
    };
    device.state = DeviceState::Consumed(authorized.grant_id.clone());
    if !store.is_honoured(&authorized, now) {
        return Err(Problem::invalid_grant());
    }
    let refresh_token = issue::refresh_token(store, &authorized, now)?;
    let wanted = Wanted { scopes: authorized.scopes.clone(), resource: None, organization: None };
    issue::tokens(tenant, store, &authorized, &wanted, refresh_token)
}
