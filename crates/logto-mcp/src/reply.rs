//! Responses of the protection itself.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, JsonRpcError, RequestId};

pub(crate) type BoxResponse = Response<BoxBody<Bytes, Infallible>>;

/// A JSON-RPC error under an HTTP status.
pub(crate) fn rpc_error(
    status: StatusCode,
    code: ErrorCode,
    message: &'static str,
    id: Option<RequestId>,
) -> BoxResponse {
    tracing::debug!(status = status.as_u16(), message, "refused an MCP request");
    let error = JsonRpcError::new(id, ErrorData::new(code, message, None));
    let mut response = with_body(status, serde_json::to_vec(&error).unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn empty(status: StatusCode) -> BoxResponse {
    with_body(status, Vec::new())
}

pub(crate) fn not_allowed(allowed: &'static str) -> BoxResponse {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// A response that the core decided on.
pub(crate) fn from_core(reply: logto::web::Reply) -> BoxResponse {
    Response::<String>::from(reply).map(|body| Full::from(body).boxed())
}

fn with_body(status: StatusCode, body: Vec<u8>) -> BoxResponse {
    let mut response = Response::new(Full::from(body).boxed());
    *response.status_mut() = status;
    response
}
