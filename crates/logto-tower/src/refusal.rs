//! Converts the core's replies into responses without a body.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use logto::web::Reply;

/// The headers say all that a client needs; a service's type of body is one that can be empty.
pub(crate) fn refusal<R: Default>(reply: Reply, asked: &HeaderMap) -> Response<R> {
    let mut response = Response::<String>::from(reply).map(|_| R::default());
    response.headers_mut().remove(CONTENT_TYPE);
    // The trailers are the headers if there is no message: "Trailers-Only" in gRPC over HTTP/2.
    if let Some(kind) = grpc(asked) {
        let code = code(response.status());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, kind.clone());
        headers.insert("grpc-status", code.into());
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// The content type of a gRPC request.
fn grpc(asked: &HeaderMap) -> Option<&HeaderValue> {
    let kind = asked.get(CONTENT_TYPE)?;
    kind.as_bytes().starts_with(b"application/grpc").then_some(kind)
}

/// gRPC's status code for an answer of [`Api::authorize`](logto::resource_server::Api::authorize).
fn code(status: StatusCode) -> u16 {
    match status.as_u16() {
        400 => 3,  // INVALID_ARGUMENT
        401 => 16, // UNAUTHENTICATED
        403 => 7,  // PERMISSION_DENIED
        503 => 14, // UNAVAILABLE
        _ => 2,    // UNKNOWN
    }
}
