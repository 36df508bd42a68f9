//! A server that answers as a real Logto did, if the calls are the recorded ones.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use logto_management::Management;
use serde_json::{Value, json};
use url::form_urlencoded;

pub(crate) fn recorded() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/management.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The first call of that method and path, with that note if it has one.
pub(crate) fn call(method: &str, path: &str, note: &str) -> Value {
    let wanted = |call: &Value| {
        call["method"] == method
            && call["path"] == path
            && call["note"].as_str().unwrap_or("") == note
    };
    let found = recorded().into_iter().find(wanted);
    found.unwrap_or_else(|| panic!("nothing recorded: {method} {path} ({note})"))
}

#[derive(Clone)]
pub(crate) struct RecordedServer {
    endpoint: String,
    expected: Arc<Mutex<VecDeque<Value>>>,
}

impl RecordedServer {
    pub(crate) async fn start() -> (Self, Management) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            endpoint: format!("http://localhost:{}", listener.local_addr().unwrap().port()),
            expected: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        let management =
            Management::builder(&server.endpoint, "fqir5v5l7m1kvvr98w1dj", "the secret");
        let management = management.requests_per_second(1000).build().unwrap();
        (server, management)
    }

    /// The next call has to be this one.
    pub(crate) fn expect(&self, method: &str, path: &str, note: &str) -> Value {
        self.finish();
        let call = call(method, path, note);
        self.then(call.clone());
        call
    }

    /// After the calls that are expected already, this one; it may have a `retry-after`.
    pub(crate) fn then(&self, call: Value) {
        self.expected.lock().unwrap().push_back(call);
    }

    pub(crate) fn finish(&self) {
        let expected = self.expected.lock().unwrap();
        assert!(expected.is_empty(), "these calls did not come: {expected:?}");
    }
}

async fn answer(State(server): State<RecordedServer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let oidc = format!("{}/oidc", server.endpoint);
    match parts.uri.path() {
        "/oidc/.well-known/openid-configuration" => json_of(
            StatusCode::OK,
            &json!({
                "issuer": oidc, "authorization_endpoint": format!("{oidc}/auth"),
                "token_endpoint": format!("{oidc}/token"), "jwks_uri": format!("{oidc}/jwks"),
                "userinfo_endpoint": format!("{oidc}/me"), "end_session_endpoint": format!("{oidc}/session/end"),
                "revocation_endpoint": format!("{oidc}/token/revocation"),
                "introspection_endpoint": format!("{oidc}/token/introspection"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES384"],
                "authorization_response_iss_parameter_supported": true,
            }),
        ),
        "/oidc/token" => {
            let form: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
            let wanted = [
                ("grant_type", "client_credentials"),
                ("resource", "https://default.logto.app/api"),
                ("scope", "all"),
            ];
            assert_eq!(form, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let token = json!({
                "access_token": "the-token", "expires_in": 3600, "token_type": "Bearer", "scope": "all",
            });
            json_of(StatusCode::OK, &token)
        }
        _ => {
            let expected = server.expected.lock().unwrap().pop_front();
            let bearer = parts.headers.get(header::AUTHORIZATION);
            assert_eq!(bearer.unwrap(), "Bearer the-token");
            compare(expected.as_ref(), parts.method.as_str(), &parts.uri, &body)
        }
    }
}

/// What the recorded client sent has to be sent; a page size may come on top.
fn compare(expected: Option<&Value>, method: &str, uri: &Uri, body: &[u8]) -> Response {
    let body: Option<Value> = (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap());
    let differs = |what: &str| {
        let text = format!("{what}: {method} {uri} {body:?}, expected {expected:?}");
        (StatusCode::IM_A_TEAPOT, text).into_response()
    };
    let Some(call) = expected else {
        return differs("this was not expected");
    };
    let recorded: Uri = call["path"].as_str().unwrap().parse().unwrap();
    if call["method"] != method || recorded.path() != uri.path() {
        return differs("another call");
    }
    let pairs = |uri: &Uri| {
        let query = uri.query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).into_owned().collect::<Vec<_>>()
    };
    let mut ours = pairs(uri);
    ours.retain(|(name, _)| name != "page_size");
    let mut theirs = pairs(&recorded);
    theirs.retain(|(name, _)| name != "page_size");
    if ours != theirs {
        return differs("another query");
    }
    if body.as_ref() != call.get("body") {
        return differs("another body");
    }
    let status = u16::try_from(call["status"].as_u64().unwrap()).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = match &call["response"] {
        Value::String(text) => (status, text.clone()).into_response(),
        response => json_of(status, response),
    };
    if let Some(wait) = call["retry-after"].as_str() {
        let wait = HeaderValue::from_str(wait).unwrap();
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

fn json_of(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, kind, body.to_string()).into_response()
}
