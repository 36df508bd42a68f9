//! Errors as Logto writes them on the wire.

use aws_lc_rs::error::Unspecified;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::log::Refusal;
use crate::reply;

/// A JSON error document with its status.
#[derive(Debug)]
pub(crate) struct Problem(Box<Document>);

#[derive(Debug, Serialize)]
struct Document {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    challenge: Option<String>,
    code: String,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<&'static str>,
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self(Box::new(Document {
            status,
            challenge: None,
            code: format!("oidc.{error}"),
            message: message(error),
            error_uri: None,
            error,
            error_description: Some(description.into()),
            scope: None,
            state: None,
            iss: None,
        }))
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::invalid_request(format!("missing required parameter '{parameter}'"))
    }

    /// Unknown, expired, revoked or replayed: Logto never says which.
    pub(crate) fn invalid_grant() -> Self {
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "invalid_grant", "grant request is invalid");
        problem.0.error_uri = Some("https://openid.sh/debug/invalid_grant");
        problem
    }

    pub(crate) fn invalid_target(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_target", description)
    }

    pub(crate) fn unknown_resource() -> Self {
        Self::invalid_target("resource indicator is missing, or unknown")
    }

    pub(crate) fn access_denied(description: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access_denied", description)
    }

    pub(crate) fn session_not_found(description: &str, issuer: &str) -> Self {
        let mut problem = Self::invalid_request(description);
        problem.0.code = "session.not_found".to_owned();
        problem.0.message = "Session not found. Please go back and sign in again.";
        problem.0.iss = Some(issuer.to_owned());
        problem
    }

    pub(crate) fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.0.scope = Some(scope.into());
        self
    }

    /// The value of `WWW-Authenticate`.
    pub(crate) fn with_challenge(mut self, challenge: String) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// A challenge that repeats the error.
    pub(crate) fn challenged(self, scheme: &str, issuer: &str) -> Self {
        let description = self.0.error_description.as_deref().unwrap_or_default();
        let error = self.0.error;
        let mut challenge = format!(
            r#"{scheme} realm="{issuer}", error="{error}", error_description="{description}""#
        );
        if let Some(scope) = &self.0.scope {
            challenge.push_str(&format!(r#", scope="{scope}""#));
        }
        self.with_challenge(challenge)
    }

    /// An authorization error that is shown instead of sent to the app.
    pub(crate) fn for_authorization(mut self, state: Option<&str>, issuer: &str) -> Self {
        self.0.state = state.map(str::to_owned);
        self.0.iss = Some(issuer.to_owned());
        self
    }

    pub(crate) fn error(&self) -> &'static str {
        self.0.error
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    pub(crate) fn description(&self) -> Option<&str> {
        self.0.error_description.as_deref()
    }

    /// For the log of requests.
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal(self.description().unwrap_or(self.error()).to_owned())
    }

    pub(crate) fn without_description(mut self) -> Self {
        self.0.error_description = None;
        self
    }
}

/// Logto's own texts, unrendered templates included.
fn message(error: &str) -> &'static str {
    match error {
        "invalid_request" => "Request is invalid.",
        "authorization_pending" => "An OIDC error occurred: oidc.authorization_pending.",
        "expired_token" => "An OIDC error occurred: oidc.expired_token.",
        "invalid_client" => "An OIDC error occurred: oidc.invalid_client.",
        "invalid_grant" => "Grant request is invalid.",
        "invalid_client_metadata" => "Invalid client metadata provided.",
        "invalid_scope" => "Invalid scope: {{error_description}}.",
        "invalid_target" => "Invalid resource indicator.",
        "invalid_token" => "Invalid token provided.",
        "insufficient_scope" => "Token missing scope `{{scope}}`.",
        "access_denied" => "Access denied.",
        "unsupported_grant_type" => "Unsupported `grant_type` requested.",
        "unsupported_token_type" => "An OIDC error occurred: oidc.unsupported_token_type.",
        "invalid_redirect_uri" => {
            "`redirect_uri` did not match any of the client's registered `redirect_uris`."
        }
        _ => "Internal server error.",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = reply::json(self.0.status, &self.0);
        response.extensions_mut().insert(self.refusal());
        if let Some(challenge) =
            self.0.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok())
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Unspecified> for Problem {
    fn from(_: Unspecified) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "the cryptographic library failed: the system gives no random bytes",
        )
    }
}
