//! HTTP to Logto: bounded in time and size, no redirects, errors that tell an outage from a
//! refusal.

use std::error::Error as StdError;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use crate::error::{Error, ErrorKind, ErrorResponse, printable};
use crate::network::is_loopback;

/// Logto closes an idle connection after 5 s; we stop using it earlier, so that no token request
/// is written into a connection that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);

/// Time-outs and sizes of requests to Logto.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_response_bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    app_secret: SecretString,
    /// Id and secret as they travel after `Basic`.
    basic: SecretString,
    max_response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            max_response_bytes: 1024 * 1024,
        }
    }
}

impl Http {
    pub(crate) fn new(
        endpoint: &Url,
        app_id: &str,
        app_secret: &SecretString,
        limits: Limits,
    ) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("logto-rust/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.request_timeout)
            .pool_idle_timeout(IDLE_CONNECTION)
            .redirect(Policy::none());
        if is_loopback(endpoint) {
            // A Logto on this machine is never behind the proxy that the environment names.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            let why = "the HTTP client cannot be set up";
            Error::with_source(ErrorKind::InvalidRequest, why, error)
        })?;
        Ok(Self {
            client,
            app_secret: app_secret.clone(),
            basic: basic(app_id, app_secret.expose_secret()).into(),
            max_response_bytes: limits.max_response_bytes,
        })
    }

    /// The body of a successful GET.
    pub(crate) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Vec<u8>, Error> {
        let mut request = self
            .client
            .get(url.clone())
            .header("accept", "application/json");
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        self.send(
            request,
            &bearer.map(String::from).into_iter().collect::<Vec<_>>(),
        )
        .await
    }

    /// The body of a successful POST of a form, authenticated as the app.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<Vec<u8>, Error> {
        let request = self
            .client
            .post(url.clone())
            .header(
                "authorization",
                format!("Basic {}", self.basic.expose_secret()),
            )
            .form(form);
        let fields = form
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        self.send(request, &secrets_of(fields)).await
    }

    /// Sends a request that `openidconnect` prepared.
    pub(crate) async fn call(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let fields = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect::<Vec<_>>();
        let secrets = secrets_of(fields);
        let request = self
            .client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body);
        Ok(http::Response::new(self.send(request, &secrets).await?))
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        secrets: &[String],
    ) -> Result<Vec<u8>, Error> {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = self.body(response).await?;
        let secrets: Vec<&str> = secrets
            .iter()
            .map(String::as_str)
            .chain([self.app_secret.expose_secret(), self.basic.expose_secret()])
            .collect();
        let secrets = secrets.as_slice();
        match status {
            200 => Ok(body),
            408 | 429 | 500.. => Err(Error::from_response(
                ErrorKind::Unreachable,
                error_response(status, &headers, &body, secrets),
            )),
            400.. => Err(Error::from_response(
                ErrorKind::Refused,
                error_response(status, &headers, &body, secrets),
            )),
            _ => Err(Error::new(
                ErrorKind::InvalidResponse,
                format!("Logto answered with status {status}, which is neither success nor error"),
            )),
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > self.max_response_bytes {
                return Err(Error::new(
                    ErrorKind::InvalidResponse,
                    format!(
                        "Logto's answer is longer than {} bytes",
                        self.max_response_bytes
                    ),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Client authentication: id and secret form-encoded before Basic (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret));
    base64_simd::STANDARD.encode_to_string(pair)
}

fn unreachable(error: reqwest::Error) -> Error {
    let why = if error.is_connect() {
        "Logto is unreachable: no connection"
    } else if error.is_timeout() {
        "Logto is unreachable: no answer in time"
    } else {
        "Logto is unreachable: the connection broke"
    };
    // The URL may carry a query; the chain below it says what happened.
    let error = error.without_url();
    match root_cause(&error) {
        Some(cause) => {
            Error::with_source(ErrorKind::Unreachable, format!("{why} ({cause})"), error)
        }
        None => Error::with_source(ErrorKind::Unreachable, why, error),
    }
}

/// Whether Logto may have done what it was asked to although nobody has its answer: the connection
/// broke, something on the way answered in its place, or what came cannot be read.
pub(crate) fn is_answer_lost(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    match (error.kind(), error.response()) {
        (ErrorKind::InvalidResponse, _) => true,
        (ErrorKind::Unreachable, Some(response)) => !matches!(response.status(), 408 | 429 | 503),
        (ErrorKind::Unreachable, None) => !cause.is_some_and(reqwest::Error::is_connect),
        _ => false,
    }
}

fn root_cause(error: &dyn StdError) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Some(printable(&cause.to_string()))
}

fn error_response(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&str],
) -> ErrorResponse {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        error: Option<String>,
        error_description: Option<String>,
        code: Option<String>,
        message: Option<String>,
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let clean = |text: String| printable(&redact(text, secrets));
    ErrorResponse {
        status,
        error: body.error.or(body.code).map(clean),
        description: body.error_description.or(body.message).map(clean),
        request_id: header("logto-core-request-id").map(|id| clean(id.to_owned())),
        retry_after: header(RETRY_AFTER.as_str()).and_then(|value| value.parse().ok()),
    }
}

/// The values of a form that nobody else may read.
fn secrets_of<N: AsRef<str>>(fields: impl IntoIterator<Item = (N, String)>) -> Vec<String> {
    const SECRET: [&str; 5] = [
        "code",
        "code_verifier",
        "refresh_token",
        "subject_token",
        "token",
    ];
    let fields = fields.into_iter();
    let secret = fields.filter(|(name, _)| SECRET.contains(&name.as_ref()));
    secret.map(|(_, value)| value).collect()
}

/// Takes out what we sent, should the answer repeat it.
fn redact(text: String, secrets: &[&str]) -> String {
    secrets
        .iter()
        .filter(|secret| secret.len() >= 8)
        .fold(text, |text, secret| text.replace(*secret, "[redacted]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_form_encoded_before_basic() {
        // "a%3Ab" and "p%25%2B%20" would be wrong: a space is "+" in a form.
        let expected = base64_simd::STANDARD.encode_to_string("a%3Ab:p%25%2B+%C3%A9");
        assert_eq!(basic("a:b", "p%+ é"), expected);
    }

    #[test]
    fn an_error_answer_is_read_and_cleaned() {
        let secret = "a-refresh-token-of-43-characters";
        let body = format!(r#"{{"error":"invalid_grant","error_description":"no\n{secret}"}}"#);
        let response = error_response(400, &HeaderMap::new(), body.as_bytes(), &[secret]);
        assert_eq!(response.error(), Some("invalid_grant"));
        assert_eq!(response.error_description(), Some("no [redacted]"));
        assert_eq!(
            error_response(502, &HeaderMap::new(), b"<html>", &[]).error(),
            None
        );
    }
}
