//! HTTP to Logto: bounded in time and size, no redirects, errors that tell an outage from a
//! refusal.

use std::time::Duration;

use logto_http::{printable, redact, retry_after};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use url::Url;

use crate::error::{Answer, Error, ErrorKind};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The connector factories come with their logos: about one megabyte.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Characters of what Logto says about an error.
const MAX_TEXT: usize = 300;

#[derive(Debug)]
pub(crate) struct Http(pub(crate) reqwest::Client);

/// A successful answer.
pub(crate) struct Success {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new(endpoint: &Url, request_timeout: Duration) -> Result<Self, Error> {
        let user_agent = concat!("logto-rust/", env!("CARGO_PKG_VERSION"));
        let why = "the HTTP client cannot be set up";
        let client = logto_http::client(endpoint, user_agent, CONNECT_TIMEOUT, request_timeout)
            .build()
            .map_err(|error| Error::with_source(ErrorKind::InvalidRequest, why, error))?;
        Ok(Self(client))
    }

    /// Sends a request. `what` names it in errors, `secrets` are taken out of what Logto says about
    /// it.
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
            _ if logto_http::cannot_serve(status) => ErrorKind::Unreachable,
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

async fn body(response: Response) -> Result<Vec<u8>, Error> {
    let body = logto_http::body(response, MAX_ANSWER_BYTES).await.map_err(unreachable)?;
    let why = || format!("Logto's answer is longer than {MAX_ANSWER_BYTES} bytes");
    body.ok_or_else(|| Error::new(ErrorKind::InvalidResponse, why()))
}

fn unreachable(error: reqwest::Error) -> Error {
    let (why, _, error) = logto_http::failure(error);
    Error::with_source(ErrorKind::Unreachable, format!("Logto is unreachable: {why}"), error)
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
    let clean = |text: String| printable(&redact(text, secrets), ' ', MAX_TEXT);
    let header = |name| headers.get(name)?.to_str().ok();
    Answer {
        status,
        code: body.code.map(clean),
        message: body.message.map(clean),
        details: body.details.map(clean),
        request_id: header("logto-core-request-id").map(|id| clean(id.to_owned())),
        retry_after: retry_after(headers),
    }
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
