//! Sends logout tokens to the apps of a session that ended.

use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use url::{Url, form_urlencoded};

use crate::apps::loopback;
use crate::random;
use crate::state::Tenant;
use crate::store::Session;

const LOGOUT_TOKEN_LIFE: u64 = 120;
const PATIENCE: Duration = Duration::from_millis(2500);

/// Posts a logout token to every app of the session, one after the other.
/// An app that does not answer is not waited for and not reported, as in Logto.
pub(crate) async fn tell_everyone(tenant: &Tenant, session: &Session) {
    for (uri, logout_token) in messages(tenant, session).unwrap_or_default() {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", &logout_token)
            .finish();
        let post = tenant
            .http
            .post(uri)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        // A failure is not reported: a sign-out never fails because of an app.
        drop(post.timeout(PATIENCE).send().await);
    }
}

fn messages(tenant: &Tenant, session: &Session) -> Result<Vec<(Url, String)>, Unspecified> {
    let store = tenant.store();
    let now = tenant.clock.seconds();
    let sub = session
        .user
        .as_deref()
        .and_then(|handle| store.user(handle))
        .map(|user| user.id().to_owned());
    let mut messages = Vec::new();
    for (app_id, authorization) in &session.authorizations {
        let Some(channel) = store.app(app_id).map(|app| &app.back_channel) else {
            continue;
        };
        let uri = channel.uri.as_deref().and_then(|uri| loopback(uri).ok());
        let (true, Some(uri)) = (channel.enabled, uri) else {
            continue;
        };
        let mut claims = json!({
            "sub": sub, "aud": app_id, "iss": tenant.issuer, "iat": now, "exp": now + LOGOUT_TOKEN_LIFE,
            "jti": random::token()?,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        if let (Some(claims), true) = (claims.as_object_mut(), channel.session_required) {
            claims.insert("sid".to_owned(), authorization.sid.as_str().into());
        }
        messages.push((uri, store.keys.sign(Some("logout+jwt"), &claims)?));
    }
    Ok(messages)
}
