//! Building responses.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

/// A JSON document; whether it may be cached is said by [`no_store`].
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    typed(
        status,
        "application/json; charset=utf-8",
        serde_json::to_string(body).unwrap_or_default(),
    )
}

pub(crate) fn typed(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

pub(crate) fn text(status: StatusCode, body: &'static str) -> Response {
    typed(status, "text/plain; charset=utf-8", body)
}

pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => no_store((status, Html(html)).into_response()),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be rendered."),
    }
}

/// A redirect with the body that Logto sends.
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    let escaped = location
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let mut response = (status, Html(format!("Redirecting to {escaped}."))).into_response();
    match HeaderValue::from_str(location) {
        Ok(value) => drop(response.headers_mut().insert(header::LOCATION, value)),
        Err(_) => {
            return text(StatusCode::BAD_REQUEST, "The address to go to has forbidden characters.");
        }
    }
    no_store(response)
}

pub(crate) fn see_other(location: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, location)
}

pub(crate) fn no_store(response: Response) -> Response {
    with(response, header::CACHE_CONTROL, "no-store")
}

pub(crate) fn with(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}
