//! HTTP to Logto: bounded in time and size, no redirects, errors that tell an outage from a refusal.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use url::Url;

use crate::error::{Answer, Error, ErrorKind};

/// Logto closes an idle connection after 5 s; we stop using it earlier, so that no request is
/// written into a connection that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The connector factories come with their logos: about one megabyte.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Http(pub(crate) reqwest::Client);

/// A successful answer.
pub(crate) struct Success {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new(endpoint: &Url, request_timeout: Duration) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("logto-rust/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(request_timeout)
            .pool_idle_timeout(IDLE_CONNECTION)
            .redirect(Policy::none());
        if logto::is_loopback(endpoint) {
            // A Logto on this machine is never behind the proxy that the environment names.
            builder = builder.no_proxy();
        }
        let why = "the HTTP client cannot be set up";
        let client = builder
            .build()
            .map_err(|error| Error::with_source(ErrorKind::InvalidRequest, why, error))?;
        Ok(Self(client))
    }

    /// Sends a request. `what` names it in errors, `secrets` are taken out of what Logto says about it.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        what: &str,
        secrets: &[&str],
    ) -> Result<Success, Error> {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = body(response).await?;
        if (200..300).contains(&status) {
            return Ok(Success { headers, body });
        }
        let answer = read_answer(status, &headers, &body, secrets);
        let code = answer.code.as_deref().unwrap_or_default();
        let kind = match status {
            401 | 403 if code.starts_with("auth.") => ErrorKind::NoAccess,
            408 | 429 | 500.. => ErrorKind::Unreachable,
            400.. => ErrorKind::Refused,
            _ => ErrorKind::InvalidResponse,
        };
        let message = match kind {
            ErrorKind::Unreachable => format!("Logto cannot serve {what} now"),
            ErrorKind::InvalidResponse => {
                format!("Logto answered {what} with neither success nor error")
            }
            _ => format!("Logto refused {what}"),
        };
        Err(Error::answered(kind, message, answer))
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            let why = format!("Logto's answer is longer than {MAX_ANSWER_BYTES} bytes");
            return Err(Error::new(ErrorKind::InvalidResponse, why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(error: reqwest::Error) -> Error {
    let why = if error.is_connect() {
        "Logto is unreachable: no connection"
    } else if error.is_timeout() {
        "Logto is unreachable: no answer in time"
    } else {
        "Logto is unreachable: the connection broke"
    };
    Error::with_source(ErrorKind::Unreachable, why, error.without_url())
}

fn read_answer(status: u16, headers: &HeaderMap, body: &[u8], secrets: &[&str]) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        code: Option<String>,
        message: Option<String>,
        details: Option<String>,
    }
    // A proxy in front of Logto answers with a page.
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let clean = |text: String| printable(&redact(text, secrets));
    let header = |name| headers.get(name)?.to_str().ok();
    Answer {
        status,
        code: body.code.map(clean),
        message: body.message.map(clean),
        details: body.details.map(clean),
        request_id: header("logto-core-request-id").map(|id| clean(id.to_owned())),
        retry_after: header(RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs),
    }
}

/// Takes out what we sent, should the answer repeat it.
fn redact(text: String, secrets: &[&str]) -> String {
    secrets
        .iter()
        .filter(|secret| secret.len() >= 8)
        .fold(text, |text, secret| text.replace(*secret, "[redacted]"))
}

/// Text of another party, fit for a log line: printable, on one line, at most 300 characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if is_command(c) { ' ' } else { c }).take(300).collect()
}

/// Control characters, and those that break lines or turn the direction of the text around them
/// (Unicode Standard Annex #9, section 2).
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_is_read_and_cleaned() {
        let body =
            br#"{"code":"a.b","message":"no","details":"got hf-client-secret\nhere\u202e\u2028"}"#;
        let answer = read_answer(422, &HeaderMap::new(), body, &["hf-client-secret"]);
        assert_eq!(answer.code.as_deref(), Some("a.b"));
        assert_eq!(answer.details.as_deref(), Some("got [redacted] here  "));
        let page = read_answer(502, &HeaderMap::new(), b"<html>", &[]);
        assert_eq!((page.status, page.code), (502, None));
    }
}
