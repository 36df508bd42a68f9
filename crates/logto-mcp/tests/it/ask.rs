//! Requests as clients send them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use serde_json::{Value, json};

/// A request before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: String,
}

impl Ask {
    fn new(method: &'static str, path: &str) -> Self {
        let host = ("host", b"localhost:8000".to_vec());
        Self { method, path: path.to_owned(), headers: vec![host], body: String::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST of the body as it is.
    pub(crate) fn post(body: impl Into<String>) -> Self {
        Self::new("POST", "/mcp")
            .with("content-type", "application/json")
            .with("accept", "application/json, text/event-stream")
            .body(body)
    }

    /// A request of version 2026-07-28.
    pub(crate) fn modern(method: &'static str, mut params: Value) -> Self {
        let name =
            ["name", "uri"].iter().find_map(|name| params[*name].as_str().map(str::to_owned));
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let ask = Self::post(message(method, &params))
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", method);
        match name {
            Some(name) => ask.with("mcp-name", name),
            None => ask,
        }
    }

    /// A request of version 2025-06-18, which has no headers for method and name.
    #[allow(clippy::needless_pass_by_value, reason = "tables are easier to read")]
    pub(crate) fn legacy(method: &str, params: Value) -> Self {
        Self::post(message(method, &params)).with("mcp-protocol-version", "2025-06-18")
    }

    /// A call of a tool, without arguments.
    pub(crate) fn call(tool: &str) -> Self {
        Self::modern("tools/call", json!({ "name": tool, "arguments": {} }))
    }

    pub(crate) fn initialize() -> Self {
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        Self::legacy("initialize", params)
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn session(self, id: &str) -> Self {
        self.with("mcp-session-id", id)
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With another header instead.
    pub(crate) fn replace(self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn into_request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::from(self.body));
        *request.method_mut() = self.method.parse().expect("a method");
        *request.uri_mut() = self.path.parse().expect("a path");
        for (name, value) in self.headers {
            let value = HeaderValue::from_bytes(&value).expect("a value");
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        request
    }
}

pub(crate) fn message(method: &str, params: &Value) -> String {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if !params.is_null() {
        message["params"] = params.clone();
    }
    if !method.starts_with("notifications/") {
        message["id"] = 1.into();
    }
    message.to_string()
}
