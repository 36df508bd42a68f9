//! MCP servers of poem-mcpserver, behind the same decisions.
//!
//! It reads requests in its own way. So it gets the message that was decided on, written anew, and
//! not the bytes that came.

use std::fmt;
use std::io;

use ::poem::endpoint::BoxEndpoint;
use ::poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Collected, Full};
use poem_mcpserver::McpServer;
use poem_mcpserver::streamable_http;
use poem_mcpserver::tool::Tools;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, ErrorCode};
use serde_json::Value;

use crate::Mcp;
use crate::caller::{CALLER, Caller};
use crate::guard::Admitted;
use crate::operation::{Operation, id};
use crate::reply::{BoxResponse, empty, rpc_error};
use crate::table::{Requester, Table};

/// As rmcp's default.
const MAX_BODY: usize = 4 << 20;
/// What poem-mcpserver has. Every other method it takes for a malformed request.
const METHODS: [&str; 7] = [
    "initialize",
    "notifications/initialized",
    "ping",
    "prompts/list",
    "resources/list",
    "tools/call",
    "tools/list",
];

/// An MCP server of poem-mcpserver that only verified callers reach. [`Mcp::endpoint`] makes it,
/// and has an example.
///
/// It answers at the path of the API's address and at the two paths of the metadata (RFC 9728,
/// section 3.1), and says 404 to everything else: `Route::nest("/", …)` gives it all requests that
/// your own routes do not take.
pub struct McpEndpoint {
    mcp: Mcp,
    server: BoxEndpoint<'static, Response>,
}

impl McpEndpoint {
    pub(crate) fn new<T: Tools + Send + Sync + 'static>(
        mcp: Mcp,
        server: impl Fn() -> McpServer<T> + Send + Sync + 'static,
    ) -> Self {
        let endpoint = streamable_http::endpoint(move |_: &Request| server());
        Self { mcp, server: endpoint.into_endpoint().map_to_response().boxed() }
    }

    async fn serve(&self, admitted: Admitted) -> BoxResponse {
        let Admitted { parts, mut message, caller, .. } = admitted;
        if let Some(ClientJsonRpcMessage::Request(request)) = &mut message
            && let ClientRequest::CallToolRequest(call) = &mut request.request
        {
            // poem-mcpserver refuses a call without arguments, even of a tool that has none.
            call.params.arguments.get_or_insert_default();
        }
        let operation = message.as_ref().and_then(Operation::from_body);
        let is_known = operation
            .is_some_and(|operation| !operation.custom && METHODS.contains(&operation.method));
        let mut body = Vec::new();
        match &message {
            Some(message) if is_known => body = serde_json::to_vec(message).unwrap_or_default(),
            Some(request @ ClientJsonRpcMessage::Request(_)) => {
                let (text, code) =
                    ("this server does not have the method", ErrorCode::METHOD_NOT_FOUND);
                return rpc_error(StatusCode::NOT_FOUND, code, text, id(request));
            }
            // A notification, or the answer to a question that this server never asked.
            Some(_) => return empty(StatusCode::ACCEPTED),
            None => {}
        }
        let mut request = Request::builder().method(parts.method).body(body);
        request.headers_mut().clone_from(&parts.headers);
        let headers = request.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        // Its streams have an event for each notification too, which clients cannot read.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let call = self.server.get_response(request);
        let response = CALLER.scope(Caller::from(caller.clone()), call).await;
        let (response, body) = read(response).await;
        let (Some(operation), StatusCode::OK) = (operation, response.status()) else {
            return response.map(|()| Full::from(body).boxed());
        };
        let Some(mut message) = only_message(&body) else {
            return empty(StatusCode::ACCEPTED);
        };
        if operation.method == "tools/list" {
            let requester = Requester::new(&caller, &parts.headers);
            keep_listed(&mut message, &self.mcp.table, &requester);
        }
        response.map(|()| Full::from(message.to_string()).boxed())
    }
}

async fn read(response: Response) -> (http::Response<()>, Bytes) {
    let response: http::Response<BoxBody<Bytes, io::Error>> = response.into();
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    (http::Response::from_parts(parts, ()), body)
}

/// What poem-mcpserver says to one message: a list, which is empty if it was a notification.
fn only_message(body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body).ok()? {
        Value::Array(messages) => messages.into_iter().next(),
        message => Some(message),
    }
}

/// Leaves the tools that the caller may see.
fn keep_listed(message: &mut Value, table: &Table, requester: &Requester<'_>) {
    let is_listed = |tool: &Value| {
        let name = tool.get("name").and_then(Value::as_str);
        name.is_some_and(|name| table.lists_tool(name, requester))
    };
    if let Some(Value::Array(tools)) = message.pointer_mut("/result/tools") {
        tools.retain(is_listed);
    }
}

impl Endpoint for McpEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // A route that this is nested in takes a prefix off. Only a server sets the original.
        let original = request.original_uri();
        let uri = if *original == Uri::default() { request.uri() } else { original }.clone();
        let mut request: http::Request<BoxBody<Bytes, io::Error>> = request.into();
        *request.uri_mut() = uri;
        let response = self.mcp.answer(request, MAX_BODY, |admitted| self.serve(admitted)).await;
        let response = response.map(|body| body.map_err(|never| -> io::Error { match never {} }));
        Ok(Response::from(response))
    }
}

impl fmt::Debug for McpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpEndpoint").field("mcp", &self.mcp).finish_non_exhaustive()
    }
}
