//! `WWW-Authenticate`, and the response of a refused request (RFC 6750, section 3).

use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;
use crate::reply::Reply;

/// What every `WWW-Authenticate` of an API says.
#[derive(Clone, Debug, Default)]
pub(super) struct Challenge<'a> {
    pub(super) realm: &'a str,
    /// The scopes of the route.
    pub(super) scope: String,
    /// Where the metadata of RFC 9728 is, if it is served.
    pub(super) resource_metadata: Option<&'a str>,
}

impl Challenge<'_> {
    /// The error, with the answer that the request gets.
    ///
    /// The client learns what to do about it and no more: what exactly was wrong with a token is
    /// for the log of the API.
    pub(super) fn answer(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::MissingToken => {
                let reply =
                    Reply::from_error(&error).with_header("www-authenticate", self.line(None));
                error.answered_by(reply)
            }
            // What is wrong with the request is no secret.
            ErrorKind::InvalidRequest => {
                self.refuse(400, "invalid_request", &error.to_string(), error)
            }
            ErrorKind::InvalidToken => {
                let text = "The access token is malformed, expired, or not meant for this API.";
                self.refuse(401, "invalid_token", text, error)
            }
            ErrorKind::Forbidden => self.forbid(error),
            _ => unavailable(error),
        }
    }

    pub(super) fn forbid(&self, error: Error) -> Error {
        let text = "The access token does not permit this.";
        self.refuse(403, "insufficient_scope", text, error)
    }

    fn refuse(&self, status: u16, code: &str, text: &str, error: Error) -> Error {
        tracing::debug!(%error, "an API request was refused");
        let challenge = self.line(Some((code, text)));
        let reply = Reply::json(status, code, text).with_header("www-authenticate", challenge);
        error.answered_by(reply)
    }

    /// A request without a token gets no error code (section 3.1).
    fn line(&self, error: Option<(&str, &str)>) -> String {
        let (code, text) = error.unzip();
        let parameters = [
            ("realm", Some(self.realm)),
            ("error", code),
            ("error_description", text),
            ("scope", Some(self.scope.as_str())),
            ("resource_metadata", self.resource_metadata),
        ];
        let mut line = String::with_capacity(256);
        line.push_str("Bearer");
        let mut before = " ";
        for (name, value) in parameters {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                for part in [before, name, "=\"", value, "\""] {
                    line.push_str(part);
                }
                before = ", ";
            }
        }
        line
    }
}

/// Logto's keys cannot be had: the token may be good, so the answer is not that it is bad.
fn unavailable(error: Error) -> Error {
    limited!(warn, %error, "an access token could not be checked");
    let error = if error.is_retryable() {
        error
    } else {
        let why = "the access token cannot be checked: Logto's answer cannot be used";
        Error::with_source(ErrorKind::Unreachable, why, error)
    };
    let text = "The access token cannot be checked right now; please try again in a moment.";
    let reply = Reply::json(503, "logto_unreachable", text).with_retry_after(&error);
    error.answered_by(reply)
}
