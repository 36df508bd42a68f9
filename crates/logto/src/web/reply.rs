//! What the core answers.

use std::fmt;

use serde_json::json;

use super::page::Page;
use super::wording::Wording;
use crate::error::Error;

/// Seconds after which to try again during an outage, if Logto does not say.
const RETRY_AFTER: u64 = 5;

/// A whole answer, for the adapter to turn into its framework's response.
///
/// Every answer of the SDK says `Cache-Control: no-store`.
#[derive(Clone)]
#[must_use = "a reply does nothing until it is sent"]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: vec![("cache-control", "no-store".to_owned())],
            body: String::new(),
        }
    }

    /// 303, the one redirect that is right after GET and POST alike.
    pub(crate) fn see_other(location: impl Into<String>) -> Self {
        Self::new(303).with_header("location", location)
    }

    pub(crate) fn json(status: u16, error: &str, message: &str) -> Self {
        let body = json!({ "error": error, "message": message }).to_string();
        let mut reply = Self::new(status).with_header("content-type", "application/json");
        reply.body = body;
        reply
    }

    pub(crate) fn json_document(document: &serde_json::Value) -> Self {
        let mut reply = Self::new(200).with_header("content-type", "application/json");
        reply.body = document.to_string();
        reply
    }

    pub(crate) fn html(status: u16, page: &Page<'_>) -> Self {
        let mut reply = Self::new(status)
            .with_header("content-type", "text/html; charset=utf-8")
            .with_header("content-security-policy", Page::CONTENT_SECURITY_POLICY)
            .with_header("referrer-policy", page.way_on.referrer_policy())
            .with_header("x-content-type-options", "nosniff");
        reply.body = page.render();
        reply
    }

    /// The answer to a request whose `User` was asked for without the adapter's middleware in
    /// place: nobody can know who asks, so nobody is let in.
    pub fn not_mounted() -> Self {
        tracing::error!("a Logto extractor was used on a route without the Logto middleware");
        Self::json(
            500,
            "logto_not_mounted",
            "This route asks for the signed-in user, but the Logto middleware is not in place.",
        )
    }

    /// The answer to a request whose `AccessToken` was asked for where the app has no
    /// [`Api`](crate::api::Api): no token can be checked, so nobody is let in.
    pub fn no_api() -> Self {
        tracing::error!("an access token was asked for on a route that knows no `Api`");
        Self::json(
            500,
            "logto_no_api",
            "This route asks for an access token, but the app has no API to check it.",
        )
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_cookies(mut self, lines: Vec<String>) -> Self {
        self.headers.extend(lines.into_iter().map(|line| ("set-cookie", line)));
        self
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case. `set-cookie` may occur several times: append, never
    /// replace.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The body, taken out.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }

    /// 400 in place of 502, for where a browser is the one to begin anew.
    pub(super) fn without_gateway_error(mut self) -> Self {
        if self.status == 502 {
            self.status = 400;
        }
        self
    }

    /// How an error is answered when nothing is known of the request.
    pub(crate) fn of_error(error: &Error) -> Self {
        let Wording { status, code, text, .. } = Wording::of(error);
        Self::json(status, code, text).with_retry_after(error)
    }

    pub(crate) fn with_retry_after(self, error: &Error) -> Self {
        if !error.is_retryable() {
            return self;
        }
        let asked_for = error.response().and_then(|response| response.retry_after());
        self.with_header("retry-after", asked_for.unwrap_or(RETRY_AFTER).to_string())
    }
}

impl From<Error> for Reply {
    /// The answer that the error brought along, or one by its kind.
    fn from(error: Error) -> Self {
        match error.reply() {
            Some(reply) => reply.clone(),
            None => Self::of_error(&error),
        }
    }
}

/// Status and header names: values hold states and cookies.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
