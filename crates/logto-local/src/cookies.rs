//! The cookies of Logto, two of which are raw JSON. Ports do not separate cookies:
//! an app on another port of localhost receives all of them.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::authorization_request::AuthorizationRequest;
use crate::store::{INTERACTION_LIFE, SESSION_LIFE};

/// Sets cookies on a response, each with its `.sig` companion.
///
/// The signature is there because Logto sends it; the tenant's ids are unguessable and need none.
pub(crate) struct Cookies<'a> {
    pub(crate) key: &'a hmac::Key,
    pub(crate) response: &'a mut Response,
}

impl Cookies<'_> {
    /// `known` is the cookie the browser sent: it keeps one interaction per app, the latest.
    pub(crate) fn interaction(
        &mut self,
        known: Option<&str>,
        uid: &str,
        request: &AuthorizationRequest,
    ) {
        let attributes = format!("expires={}; samesite=lax; httponly", expires(INTERACTION_LIFE));
        // The one value that a request writes: it must not become an attribute.
        self.set("_logto", &request.logto_cookie.replace(';', ""), "path=/; samesite=lax");
        let mut map = known.and_then(parse).unwrap_or_default();
        map.insert(request.app_id.clone(), uid.into());
        // As in Logto, `_legacy` comes last.
        map.remove("_legacy");
        let apps = Value::Object(map).to_string();
        let value = format!(r#"{},"_legacy":"{uid}"}}"#, apps.trim_end_matches('}'));
        self.set("_interaction", &value, &format!("path=/; {attributes}"));
        self.set(
            "_interaction_resume",
            uid,
            &format!("path={}; {attributes}", request.resume_path(uid)),
        );
    }

    pub(crate) fn session(&mut self, value: &str) {
        self.set(
            "_session",
            value,
            &format!("path=/; samesite=lax; httponly; expires={}", expires(SESSION_LIFE)),
        );
    }

    pub(crate) fn end_session(&mut self) {
        self.set(
            "_session",
            "",
            "path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly",
        );
    }

    fn set(&mut self, name: &str, value: &str, attributes: &str) {
        let tag = hmac::sign(self.key, format!("{name}={value}").as_bytes());
        let signature = base64_simd::URL_SAFE_NO_PAD
            .encode_to_string(tag.as_ref().get(..20).unwrap_or_default());
        for line in [
            format!("{name}={value}; {attributes}"),
            format!("{name}.sig={signature}; {attributes}"),
        ] {
            if let Ok(line) = HeaderValue::from_str(&line) {
                self.response.headers_mut().append(header::SET_COOKIE, line);
            }
        }
    }
}

/// In real time: a browser does not follow the clock of the tenant.
fn expires(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

/// The interaction that the raw-JSON cookie names for this app, or the latest of any app.
pub(crate) fn interaction_of(cookie: &str, app_id: Option<&str>) -> Option<String> {
    let map = parse(cookie)?;
    let uid = app_id.and_then(|app_id| map.get(app_id)).or_else(|| map.get("_legacy"))?;
    uid.as_str().map(str::to_owned)
}

fn parse(cookie: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(cookie).ok()
}
