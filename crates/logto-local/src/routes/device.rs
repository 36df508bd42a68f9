//! The device flow (RFC 8628): codes for a device, and the pages where its user confirms one.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::authorize::for_device;
use super::client_auth::authenticate;
use super::progress;
use super::templates::{AutoSubmit, Message};
use crate::call::Call;
use crate::problem::Problem;
use crate::state::{Shared, Tenant};
use crate::store::{DeviceCode, DeviceState};
use crate::token::device::DEVICE_CODE;
use crate::{random, reply};

/// How long a device waits, in seconds.
const LIFE: u64 = 600;
/// Letters that are not mistaken for others, and make no words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const XSRF: &str = "_logto_device_flow_xsrf";

#[derive(Template)]
#[template(path = "device.html")]
struct Page<'a> {
    user_code: Option<&'a str>,
    notice: Option<&'a str>,
    xsrf: &'a str,
}

/// `POST /oidc/device/auth`
pub(crate) async fn authorize(State(tenant): State<Shared>, call: Call) -> Response {
    let response = match begin(&tenant, &call) {
        Ok(codes) => reply::json(StatusCode::OK, &codes),
        Err(problem) => problem.into_response(),
    };
    reply::no_store(response)
}

fn begin(tenant: &Tenant, call: &Call) -> Result<Value, Problem> {
    let (device_code, user_code) = (random::token()?, user_code()?);
    let mut store = tenant.store();
    let app = authenticate(tenant, &store, call)?;
    if !app.is_device_flow() {
        let why = format!("{DEVICE_CODE} is not allowed for this client");
        return Err(Problem::invalid_request(why));
    }
    let request = for_device(&store, app, &call.form, device_code.clone())?;
    let page = format!("{}/device", tenant.endpoint);
    // Like Logto, without an `interval`: it is five seconds then.
    let answer = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"), "expires_in": LIFE,
    });
    let expires = tenant.clock.seconds() + LIFE;
    let device = DeviceCode { user_code, request, expires, state: DeviceState::Waiting };
    store.devices.insert(device_code, device);
    Ok(answer)
}

fn user_code() -> Result<String, Problem> {
    let bytes = random::bytes::<8>()?;
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
    let letters: String = bytes.iter().filter_map(letter).map(char::from).collect();
    let (first, second) = letters.split_at(4);
    Ok(format!("{first}-{second}"))
}

/// `GET /device`: asks for a code, or whether the user has just started that device.
pub(crate) async fn page(State(tenant): State<Shared>, call: Call) -> Response {
    let user_code = call.query.get("user_code");
    let Some(xsrf) = call.cookie(XSRF).filter(|xsrf| tenant.store().device_pages.contains(*xsrf))
    else {
        let query = user_code.map(|code| query(&[("user_code", code)])).unwrap_or_default();
        return reply::redirect(StatusCode::FOUND, &format!("/oidc/device{query}"));
    };
    let notice = call.query.get("error").map(|error| match error {
        "NotFoundError" => "No sign-in is waiting for this code.",
        "AlreadyUsedError" => "This code has already been used.",
        "AbortedError" => "You denied access to the device.",
        _ => "Something went wrong. Enter the code again.",
    });
    reply::page(StatusCode::OK, &Page { user_code, notice, xsrf })
}

/// `GET /oidc/device`: what the pages need to come back.
pub(crate) async fn start(State(tenant): State<Shared>, call: Call) -> Response {
    let Ok(xsrf) = random::bytes::<24>().map(|bytes| random::hex(&bytes)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    tenant.store().device_pages.insert(xsrf.clone());
    let mut response = match call.query.get("user_code") {
        None => reply::redirect(StatusCode::FOUND, "/device"),
        Some(code) => {
            let action = format!("{}/oidc/device", tenant.endpoint);
            let fields = [("xsrf", xsrf.as_str()), ("user_code", code)];
            reply::page(StatusCode::OK, &AutoSubmit { action: &action, fields: &fields })
        }
    };
    let line = format!("{XSRF}={xsrf}; path=/device; samesite=lax; httponly");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// `POST /oidc/device`
pub(crate) async fn decide(State(tenant): State<Shared>, call: Call) -> Response {
    let back = |pairs: &[(&str, &str)]| {
        reply::redirect(StatusCode::FOUND, &format!("/device{}", query(pairs)))
    };
    let (now, code) = (tenant.clock.seconds(), call.form.get("user_code").unwrap_or_default());
    let request = {
        let mut store = tenant.store();
        let xsrf = call.form.get("xsrf").unwrap_or_default();
        if !store.device_pages.contains(xsrf) {
            return back(&[("error", "InvalidRequest")]);
        }
        let mut devices = store.devices.values_mut();
        let found = devices.find(|device| device.user_code == code && device.expires > now);
        let Some(device) = found else {
            return back(&[("input_code", code), ("error", "NotFoundError")]);
        };
        if !matches!(device.state, DeviceState::Waiting) {
            return back(&[("input_code", code), ("error", "AlreadyUsedError")]);
        }
        if call.form.get("abort").is_some() {
            device.state = DeviceState::Denied;
            return back(&[("error", "AbortedError")]);
        }
        if call.form.get("confirm") != Some("yes") {
            return back(&[("user_code", code)]);
        }
        device.request.clone()
    };
    progress::start(&tenant, &call, request)
}

/// `GET /device/success`
pub(crate) async fn success() -> Response {
    let text = "You can go back to the device and close this page.";
    reply::page(StatusCode::OK, &Message { heading: "The device is signed in", text })
}

fn query(pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("?{query}")
}
