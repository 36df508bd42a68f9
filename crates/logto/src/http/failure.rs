//! Converts failed requests into errors, without what must not be logged.

use std::error::Error as StdError;

use logto_http::{redact, retry_after};
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::error::{Error, ErrorKind, ErrorResponse, printable};

/// The names of the settings that hold an app's id and secret, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialNames {
    pub(crate) app_id: &'static str,
    pub(crate) app_secret: &'static str,
}

pub(super) fn unreachable(error: reqwest::Error) -> Error {
    if error.is_builder() {
        // Without the source, which may quote a value.
        let why = "the request cannot be sent: a value is not allowed in a header";
        return Error::new(ErrorKind::InvalidRequest, why);
    }
    let (why, cause, error) = logto_http::failure(error);
    let cause = cause.map(|cause| format!(" ({})", printable(&cause))).unwrap_or_default();
    let why = format!("Logto is unreachable: {why}{cause}");
    Error::with_source(ErrorKind::Unreachable, why, error)
}

/// Whether Logto may have done what it was asked to although its response was lost: the connection
/// broke, something on the way answered in its place, or what came cannot be read. What waited for
/// its turn in vain was never sent.
pub(crate) fn is_answer_lost(error: &Error) -> bool {
    let cause: Option<&reqwest::Error> = error.source().and_then(|cause| cause.downcast_ref());
    match (error.kind(), error.response()) {
        (ErrorKind::InvalidResponse, _) => true,
        (ErrorKind::Unreachable, Some(response)) => {
            !matches!(response.status(), Some(408 | 429 | 503))
        }
        (ErrorKind::Unreachable, None) => cause.is_some_and(|cause| !cause.is_connect()),
        _ => false,
    }
}

pub(super) fn error_response(
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
        status: Some(status),
        error: body.error.or(body.code).map(clean),
        description: body.error_description.or(body.message).map(clean),
        request_id: header("logto-core-request-id").map(|id| clean(id.to_owned())),
        retry_after: retry_after(headers),
    }
}

/// What is wrong with the app's id or secret if that is why Logto refused.
pub(super) fn invalid_client(
    response: &ErrorResponse,
    app_id: &str,
    names: CredentialNames,
) -> Option<String> {
    let CredentialNames { app_id: id, app_secret: secret } = names;
    let description = response.error_description().unwrap_or_default();
    match (response.status()?, response.error()?) {
        (400, "invalid_request") if description == "client secret has expired" => Some(format!(
            "the app secret has expired: create a new one in Logto's console and set it as {secret}"
        )),
        (401, "invalid_client") => {
            Some(format!("Logto does not accept the app secret: check {secret}"))
        }
        // At introspection the app that a token was issued for may be the one that is unknown.
        (400, "invalid_client")
            if description.strip_prefix("invalid client ").is_none_or(|named| named == app_id) =>
        {
            Some(format!("Logto does not know the app, or it was deleted: check {id}"))
        }
        _ => None,
    }
}

/// The values of a form that must not be logged.
pub(super) fn secrets_of<'a>(form: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    const SECRET: [&str; 6] =
        ["actor_token", "code", "code_verifier", "refresh_token", "subject_token", "token"];
    let secret = form.filter(|(name, _)| SECRET.contains(name));
    secret.map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_app_names_the_setting_that_is_wrong() {
        let names = CredentialNames { app_id: "ID", app_secret: "SECRET" };
        let why = |status, error, description| {
            let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
            let response = error_response(status, &HeaderMap::new(), body.as_bytes(), &[]);
            invalid_client(&response, "app", names)
        };
        let names = |why: Option<String>, name| why.is_some_and(|why| why.ends_with(name));
        assert!(names(why(400, "invalid_request", "client secret has expired"), " SECRET"));
        assert!(names(why(401, "invalid_client", "client authentication failed"), " SECRET"));
        assert!(names(why(400, "invalid_client", "invalid client app"), " ID"));
        assert_eq!(why(400, "invalid_client", "invalid client another"), None);
        assert_eq!(why(400, "invalid_request", "missing required parameter"), None);
        assert_eq!(why(400, "invalid_grant", "grant request is invalid"), None);
    }

    #[test]
    fn an_error_answer_is_read_and_cleaned() {
        let secret = "a-refresh-token-of-43-characters";
        let body = format!(r#"{{"error":"invalid_grant","error_description":"no\n{secret}"}}"#);
        let response = error_response(400, &HeaderMap::new(), body.as_bytes(), &[secret]);
        assert_eq!(response.error(), Some("invalid_grant"));
        assert_eq!(response.error_description(), Some("no [redacted]"));
        assert_eq!(error_response(502, &HeaderMap::new(), b"<html>", &[]).error(), None);
    }
}
