//! `grant_type=authorization_code`.

use aws_lc_rs::digest;
use serde_json::Value;

use crate::call::Params;
use crate::problem::Problem;
use crate::state::Tenant;
use crate::store::{Code, Store};
use crate::token::issue::{self, Wanted};

/// Spends a code. A wrong verifier or redirect URI leaves it usable;
/// a second use revokes everything that the first one gave.
pub(crate) fn exchange(
    tenant: &Tenant,
    store: &mut Store,
    app_id: &str,
    form: &Params,
) -> Result<Value, Problem> {
    let now = tenant.clock.seconds();
    let value = form.get("code").ok_or_else(|| Problem::missing("code"))?;
    let redirect_uri =
        match (form.get("redirect_uri"), store.app(app_id).map(|app| app.redirect_uris.as_slice()))
        {
            (Some(uri), _) => uri.to_owned(),
            (None, Some([only])) => only.clone(),
            (None, _) => return Err(Problem::missing("redirect_uri")),
        };
    let code = store.codes.get_mut(value).ok_or_else(Problem::invalid_grant)?;
    if code.authorized.app_id != app_id
        || code.expires <= now
        || !proves(code, form.get("code_verifier"))
        || code.redirect_uri != redirect_uri
    {
        return Err(Problem::invalid_grant());
    }
    let authorized = code.authorized.clone();
    if code.used {
        store.revoke_grant(&authorized.grant_id);
        return Err(Problem::invalid_grant());
    }
    code.used = true;
    if !store.is_honoured(&authorized, now) {
        return Err(Problem::invalid_grant());
    }
    let resource = issue::single_resource(&authorized, &form.resources())?;
    let refresh_token = issue::refresh_token(store, &authorized, now)?;
    // An `organization_id` is ignored here; only a refresh honours it.
    let wanted = Wanted { scopes: authorized.scopes.clone(), resource, organization: None };
    issue::tokens(tenant, store, &authorized, &wanted, refresh_token)
}

fn proves(code: &Code, verifier: Option<&str>) -> bool {
    match (&code.challenge, verifier) {
        (Some(challenge), Some(verifier)) => {
            let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
            base64_simd::URL_SAFE_NO_PAD.encode_to_string(hash) == *challenge
        }
        (None, None) => true,
        _ => false,
    }
}
