//! The HTTP server.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::call::Call;
use crate::clock::Clock;
use crate::connection::Line;
use crate::faults::{Endpoint, Fault};
use crate::state::Shared;
use crate::{random, reply, routes};

/// As Node's HTTP server: a longer head is refused unread.
const HEAD_LIMIT: usize = 16 * 1024;
const BODY_LIMIT: usize = 1024 * 1024;

pub(crate) fn router(tenant: Shared) -> Router {
    routes::all(&tenant)
        .layer(middleware::from_fn_with_state(tenant.clone(), around))
        .with_state(tenant)
}

/// Reads the request once, writes it down, strikes it with a fault if one is set, and answers.
async fn around(
    State(tenant): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    if head_size(parts.uri.path_and_query().map_or("", |path| path.as_str()), &parts.headers)
        > HEAD_LIMIT
    {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = Call::new(&parts, &body);
    let endpoint = Endpoint::from_path(&call.path);
    let number = tenant.log.arrived(&call);

    let mut cleared = tenant.faults.watch();
    let fault = tenant.faults.strike(endpoint);
    match fault {
        Some(Fault::CutConnection) => {
            line.cut();
            return StatusCode::NO_CONTENT.into_response();
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let mut response = match fault {
        Some(Fault::Status(status)) => fault_page(status),
        _ if call.method == Method::OPTIONS && endpoint != Endpoint::Pages => preflight(&call),
        _ => {
            let mut request = Request::from_parts(parts, Body::empty());
            request.extensions_mut().insert(call);
            next.run(request).await
        }
    };
    match fault {
        Some(Fault::LoseAnswer) => {
            line.cut();
            return response;
        }
        // An error means that the tenant is gone.
        Some(Fault::HoldAnswer) => drop(cleared.changed().await),
        _ => {}
    }
    add_common_headers(&mut response, endpoint);
    add_date(&mut response, &tenant.clock);
    tenant.log.answered(number, &response);
    response
}

/// As the clock of the tenant says: what a client may compare its own clock with.
fn add_date(response: &mut Response, clock: &Clock) {
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(clock.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
}

fn head_size(path: &str, headers: &HeaderMap) -> usize {
    path.len()
        + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

fn fault_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply::typed(
        status,
        "text/html; charset=utf-8",
        format!("<!DOCTYPE html><title>{status}</title><h1>{status}</h1>"),
    )
}

fn preflight(call: &Call) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let asked = [
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "access-control-request-headers"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "access-control-request-method"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "origin"),
    ];
    for (name, source) in asked {
        if let Some(value) = call.headers.get(source) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    reply::with(response, header::ACCESS_CONTROL_MAX_AGE, "3600")
}

fn add_common_headers(response: &mut Response, endpoint: Endpoint) {
    let headers = response.headers_mut();
    let request_id: String = random::token().unwrap_or_default().chars().take(16).collect();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert("logto-core-request-id", value);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    let for_scripts = matches!(
        endpoint,
        Endpoint::Discovery
            | Endpoint::Jwks
            | Endpoint::Token
            | Endpoint::Userinfo
            | Endpoint::Introspection
            | Endpoint::Revocation
    );
    if for_scripts {
        headers.entry(header::ACCESS_CONTROL_ALLOW_ORIGIN).or_insert(HeaderValue::from_static("*"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("WWW-Authenticate"),
        );
    }
}
