//! Errors of the Management API and the Account API.

use aws_lc_rs::error::Unspecified;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use crate::log::Refusal;
use crate::reply;

/// A JSON error document with its status.
#[derive(Debug)]
pub(crate) struct Refused(Box<Document>);

#[derive(Debug, Serialize)]
struct Document {
    #[serde(skip)]
    status: StatusCode,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    message: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Document {
            status,
            code,
            data: None,
            details: None,
            message: message.into(),
        }))
    }

    /// 422 Unprocessable Content.
    pub(crate) fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn not_found(table: &str, id: &str) -> Self {
        let message = format!("The {table} with ID `{id}` does not exist.");
        Self::new(StatusCode::NOT_FOUND, "entity.not_exists_with_id", message)
    }

    /// No account elsewhere is linked.
    pub(crate) fn no_identity() -> Self {
        let message = "The social account has not been registered yet.";
        Self::new(StatusCode::NOT_FOUND, "user.identity_not_exist", message)
    }

    pub(crate) fn exists_already() -> Self {
        let message = "The entity already exists. Please check the input and try again.";
        Self::unprocessable("entity.unique_integrity_violation", message)
    }

    /// The token is not accepted here.
    pub(crate) fn unauthorized() -> Self {
        let message = "Unauthorized. Please check credentials and its scope.";
        Self::new(StatusCode::UNAUTHORIZED, "auth.unauthorized", message)
    }

    /// The token lacks a scope.
    pub(crate) fn forbidden() -> Self {
        let message = "Forbidden. Please check your user roles and permissions.";
        Self::new(StatusCode::FORBIDDEN, "auth.forbidden", message)
    }

    pub(crate) fn with_data(mut self, data: Value) -> Self {
        self.0.data = Some(data);
        self
    }

    pub(crate) fn with_details(mut self, details: String) -> Self {
        self.0.details = Some(details);
        self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = reply::json(self.0.status, &self.0);
        let why = self.0.details.unwrap_or(self.0.message);
        response.extensions_mut().insert(Refusal(why));
        response
    }
}

impl From<Unspecified> for Refused {
    fn from(_: Unspecified) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "Internal server error.")
    }
}
