//! One delivery: signed, sent once, and followed where the receiver sends it.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use url::Url;

use crate::apps::loopback;
use crate::directory::text;
use crate::random;
use crate::state::Shared;

/// How long Logto waits for a receiver.
const PATIENCE: Duration = Duration::from_secs(10);
/// Redirects that `fetch` follows.
const MOST_REDIRECTS: usize = 20;
const SIGNATURE: HeaderName = HeaderName::from_static("logto-signature-sha-256");

/// Status and body of the answer, or why there is none.
pub(crate) type Outcome = Result<(u16, String), Failure>;

/// An error as Logto's runtime names it.
pub(crate) struct Failure {
    name: &'static str,
    about: Value,
}

impl Failure {
    fn timeout() -> Self {
        let name = "TimeoutError";
        let about = json!({ "message": "Request timed out", "request": {}, "name": name });
        Self { name, about }
    }

    fn type_error(message: impl Into<String>, cause: &Value) -> Self {
        let message = message.into();
        Self { name: "TypeError", about: json!({ "message": message, "cause": cause }) }
    }

    fn from_fetch(url: &Url, error: &reqwest::Error) -> Self {
        let cause = match (error.is_connect(), url.port_or_known_default()) {
            (true, Some(port)) => json!({
                "message": format!("connect ECONNREFUSED 127.0.0.1:{port}"), "errno": -111,
                "code": "ECONNREFUSED", "syscall": "connect", "address": "127.0.0.1", "port": port,
            }),
            _ => json!({ "message": error.to_string() }),
        };
        Self::type_error("fetch failed", &cause)
    }

    /// What a status that is none of success is logged as, with what was sent.
    pub(super) fn from_status(status: u16, body: &str) -> Self {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let message =
            format!("Request failed with status code {status} {}", reason.unwrap_or_default());
        let sent: Value = serde_json::from_str(body).unwrap_or_default();
        let name = "HTTPError";
        let about = json!({
            "message": message.trim_end(), "response": {}, "request": {}, "name": name,
            "options": {
                "headers": {}, "json": sent, "body": body, "timeout": 10000, "method": "POST",
                "retry": {
                    "limit": 3, "methods": ["get", "put", "head", "delete", "options", "trace"],
                    "statusCodes": [408, 413, 429, 500, 502, 503, 504],
                    "afterStatusCodes": [413, 429, 503], "maxRetryAfter": null, "backoffLimit": null,
                },
                "hooks": {
                    "beforeRequest": [], "beforeRetry": [], "beforeError": [], "afterResponse": [],
                },
                "prefixUrl": "", "throwHttpErrors": true, "signal": {}, "duplex": "half",
            },
        });
        Self { name, about }
    }

    /// As the log has it.
    pub(super) fn logged(&self) -> String {
        format!("{}: {}", self.name, self.about)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.about.get("message").and_then(Value::as_str).unwrap_or_default();
        write!(f, "{}: {message}", self.name)
    }
}

/// Sends a body once. Only receivers on this machine are sent anything.
pub(crate) async fn deliver(
    tenant: &Shared,
    config: &Map<String, Value>,
    signing_key: &str,
    body: &str,
) -> Outcome {
    let sent = tokio::time::timeout(PATIENCE, send(tenant, config, signing_key, body)).await;
    sent.unwrap_or_else(|_| Err(Failure::timeout()))
}

async fn send(
    tenant: &Shared,
    config: &Map<String, Value>,
    signing_key: &str,
    body: &str,
) -> Outcome {
    let mut url = receiver(text(config, "url"))?;
    let mut headers = headers(config, signing_key, body);
    let mut body = Some(body);
    for _ in 0..=MOST_REDIRECTS {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = tenant.http.request(method, url.clone()).headers(headers.clone());
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let answer = request.send().await.map_err(|error| Failure::from_fetch(&url, &error))?;
        let status = answer.status().as_u16();
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let next = location.filter(|_| [301, 302, 303, 307, 308].contains(&status));
        let Some(next) = next else {
            return Ok((status, answer.text().await.unwrap_or_default()));
        };
        url = receiver(url.join(next).as_ref().map_or(next, Url::as_str))?;
        if status < 307 {
            body = None;
            headers.remove(CONTENT_TYPE);
        }
    }
    Err(Failure::type_error("fetch failed", &json!({ "message": "redirect count exceeded" })))
}

fn receiver(url: &str) -> Result<Url, Failure> {
    if Url::parse(url).is_err() {
        let cause = json!({ "message": "Invalid URL", "code": "ERR_INVALID_URL", "input": url });
        return Err(Failure::type_error(format!("Failed to parse URL from {url}"), &cause));
    }
    loopback(url).map_err(|error| {
        Failure::type_error("fetch failed", &json!({ "message": error.to_string() }))
    })
}

/// A hook may have its own headers, but not its own signature.
fn headers(config: &Map<String, Value>, signing_key: &str, body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static("Logto (https://logto.io/)"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let own = config.get("headers").and_then(Value::as_object);
    for (name, value) in own.into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, signing_key.as_bytes());
    let signature = random::hex(hmac::sign(&key, body.as_bytes()).as_ref());
    if let Ok(signature) = HeaderValue::from_str(&signature) {
        headers.insert(SIGNATURE, signature);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded; a test that waits for it would take ten seconds.
    #[test]
    fn a_receiver_that_never_answers_is_logged_as_recorded() {
        let recorded = include_str!("../../tests/recorded/hook_logs.json");
        let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap();
        let hang = recorded.iter().find(|one| one["name"] == "hang?x").unwrap();
        let error = hang["log"]["payload"]["error"].as_str().unwrap();
        let (name, about) = error.split_once(": ").unwrap();
        let ours = Failure::timeout();
        assert_eq!(ours.name, name);
        assert_eq!(ours.about, serde_json::from_str::<Value>(about).unwrap());
        assert_eq!(ours.to_string(), "TimeoutError: Request timed out");
    }
}
