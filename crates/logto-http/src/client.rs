//! The client, and what it reads of an answer.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use url::{Url, form_urlencoded};

use crate::network::is_loopback;

/// Logto closes an idle connection after 5 s. It is used for a shorter time, so that no request is
/// written into a connection that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);

/// A client for requests to `endpoint`: no redirect is followed, and no proxy stands before a Logto
/// on this machine.
pub fn client(
    endpoint: &Url,
    user_agent: &str,
    connect_timeout: Duration,
    request_timeout: Duration,
) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(user_agent)
        // Without it any coding would do (RFC 9110, section 12.5.3), and none is read.
        .default_headers(HeaderMap::from_iter([(
            ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        )]))
        .connect_timeout(connect_timeout)
        .timeout(request_timeout)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(Policy::none());
    if is_loopback(endpoint) { builder.no_proxy() } else { builder }
}

/// The body of an answer; `None` if it is longer than `max_bytes`.
///
/// # Errors
///
/// If the connection breaks or the time-out of the request passes.
pub async fn body(
    mut response: Response,
    max_bytes: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max_bytes {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// Whether a status says that Logto, or what is in front of it, cannot serve now: the same request
/// may succeed later.
#[must_use]
pub fn cannot_serve(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}

/// What went wrong and the cause at the bottom, and the error without its URL, whose query may be
/// secret.
#[must_use]
pub fn failure(error: reqwest::Error) -> (&'static str, Option<String>, reqwest::Error) {
    let why = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    let error = error.without_url();
    let mut cause = error.source();
    while let Some(next) = cause.and_then(Error::source) {
        cause = Some(next);
    }
    (why, cause.map(ToString::to_string), error)
}

/// The seconds of a `Retry-After` header.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// An app's id and secret as they travel after `Basic`: form-encoded first (RFC 6749, section
/// 2.3.1).
#[must_use]
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    base64_simd::STANDARD.encode_to_string(format!("{}:{}", encode(id), encode(secret)))
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
}
