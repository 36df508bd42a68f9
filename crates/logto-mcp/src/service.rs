//! The MCP server with its protection, as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use logto::resource_server::{AccessTokenClaims, Policy};
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ErrorCode};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{
    SessionManager, StreamableHttpServerConfig, StreamableHttpService,
};
use tower::{BoxError, Service};

use crate::access::{allow, metadata_preflight, preflight};
use crate::ending::ending;
use crate::handler::Restricted;
use crate::operation::{Operation, id};
use crate::reply::{BoxResponse, empty, not_allowed, of_core, rpc_error};
use crate::table::{Asks, EVERYBODY, Undeclared, organization};
use crate::{Mcp, sessions};

/// Where the metadata is looked for if not below the path of the endpoint.
const ROOT_METADATA: &str = "/.well-known/oauth-protected-resource";

/// An rmcp server that only verified callers reach. [`Mcp::service`] makes it.
///
/// It answers at the path of the API's address and at the two paths of the metadata (RFC 9728,
/// section 3.1), and says 404 to everything else: give it all requests that your own routes do not
/// take. Do not nest it below a path, because it would not know its own any more.
pub struct McpService<H, M = LocalSessionManager> {
    mcp: Arc<Mcp>,
    server: StreamableHttpService<Restricted<H>, M>,
}

impl<H: ServerHandler, M: SessionManager> McpService<H, M> {
    pub(crate) fn new(
        mcp: Mcp,
        handler: impl Fn() -> io::Result<H> + Send + Sync + 'static,
        sessions: Arc<M>,
        config: StreamableHttpServerConfig,
    ) -> Self {
        let mcp = Arc::new(mcp);
        let table = Arc::new(mcp.table.clone());
        let handler = move || Ok(Restricted::new(handler()?, Arc::clone(&table)));
        // Both were looked at before a request comes here.
        let config = config.disable_allowed_hosts().disable_allowed_origins();
        Self { mcp, server: StreamableHttpService::new(handler, sessions, config) }
    }

    /// Answers a request; for servers that are not tower's.
    pub async fn handle<B>(&self, request: Request<B>) -> BoxResponse
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let mcp = &*self.mcp;
        let path = request.uri().path();
        if path == ROOT_METADATA || Some(path) == mcp.api.metadata_path() {
            return self.metadata(request.method());
        }
        if !is_endpoint(path, &mcp.path) {
            return empty(StatusCode::NOT_FOUND);
        }
        if !mcp.access.is_host(request.uri(), request.headers()) {
            return forbid("the host is not the one of this server");
        }
        let Ok(origin) = mcp.access.origin(request.headers()) else {
            return forbid("pages of this origin may not call this server");
        };
        let mut response = if request.method() == Method::OPTIONS {
            preflight(request.headers())
        } else {
            self.protected(request).await.unwrap_or_else(|refusal| *refusal)
        };
        allow(&mut response, origin);
        response
    }

    fn metadata(&self, method: &Method) -> BoxResponse {
        match (method, self.mcp.api.metadata()) {
            (&Method::OPTIONS, _) => metadata_preflight(),
            (&Method::GET | &Method::HEAD, Some(document)) => of_core(document),
            _ => not_allowed("GET, HEAD, OPTIONS"),
        }
    }

    async fn protected<B>(&self, request: Request<B>) -> Result<BoxResponse, Box<BoxResponse>>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (mut parts, body) = request.into_parts();
        let claims = self.authenticate(&parts).await?;
        let body = if parts.method == Method::POST {
            let body = self.read(body).await?;
            self.authorize(&parts, &claims, &body).await?;
            body
        } else {
            Bytes::new()
        };
        let has_session = self.mcp.sessions.open(&mut parts.headers, &claims);
        match has_session {
            Err(sessions::Foreign) => {
                let text = "the session is not known";
                let code = ErrorCode::INVALID_REQUEST;
                return refuse(rpc_error(StatusCode::NOT_FOUND, code, text, None));
            }
            // What a stream without a session would repeat could be anyone's.
            Ok(false) if parts.method == Method::GET => return refuse(not_allowed("POST")),
            Ok(_) => {}
        }
        // The token is for this server, not for one behind it.
        parts.headers.remove(AUTHORIZATION);
        let rest = self.mcp.api.accepts_for(&claims);
        parts.extensions.insert(claims.clone());
        let request = Request::from_parts(parts, Full::new(body));
        let mut response = self.server.handle(request).await;
        self.mcp.sessions.bind(response.headers_mut(), &claims);
        Ok(response.map(|body| ending(body, rest)))
    }

    /// Whose token it is. The body is not read for strangers: a refusal names the scopes of what the
    /// headers say, and whether they are true is found out later.
    async fn authenticate(&self, parts: &Parts) -> Result<AccessTokenClaims, Box<BoxResponse>> {
        let operation = Operation::of_headers(&parts.headers);
        let policy = operation.and_then(|operation| self.mcp.table.policy(operation).ok());
        self.check(parts, &policy.unwrap_or(EVERYBODY)).await
    }

    /// Whether the caller may do what the body says.
    async fn authorize(
        &self,
        parts: &Parts,
        claims: &AccessTokenClaims,
        body: &[u8],
    ) -> Result<(), Box<BoxResponse>> {
        // As rmcp reads it, so that nothing can mean one thing here and another there.
        let Ok(message) = serde_json::from_slice::<ClientJsonRpcMessage>(body) else {
            let text = "the body is not one JSON-RPC message";
            return refuse(rpc_error(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR, text, None));
        };
        let Some(operation) = Operation::of_body(&message) else {
            return Ok(());
        };
        let refuse_as = |status, code, text| refuse(rpc_error(status, code, text, id(&message)));
        if operation.is_contradicted_by(&parts.headers) {
            let text = "the headers `Mcp-Method` and `Mcp-Name` do not match the body";
            return refuse_as(StatusCode::BAD_REQUEST, ErrorCode::HEADER_MISMATCH, text);
        }
        match self.mcp.table.policy(operation) {
            Ok(policy) if Asks::new(claims, &parts.headers).may(&policy) => Ok(()),
            // Once more, for the challenge.
            Ok(policy) => self.check(parts, &policy).await.map(drop),
            Err(Undeclared::Name) => {
                let method = operation.method;
                tracing::warn!(method, "rejected an MCP operation that has no policy");
                let text = "this is not offered";
                refuse_as(StatusCode::FORBIDDEN, ErrorCode::INVALID_PARAMS, text)
            }
            Err(Undeclared::Method) => {
                let text = "this server does not have the method";
                refuse_as(StatusCode::NOT_FOUND, ErrorCode::METHOD_NOT_FOUND, text)
            }
        }
    }

    async fn check(
        &self,
        parts: &Parts,
        policy: &Policy,
    ) -> Result<AccessTokenClaims, Box<BoxResponse>> {
        let headers = &parts.headers;
        let organization = organization(headers, policy);
        let api = &self.mcp.api;
        let claims = api.authorize(policy, headers.get_all(AUTHORIZATION), organization);
        claims.await.map_err(|error| Box::new(of_core(error.into())))
    }

    async fn read<B>(&self, body: B) -> Result<Bytes, Box<BoxResponse>>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let body = Limited::new(body, self.server.config.max_request_body_bytes);
        match Box::pin(body.collect()).await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => {
                let too_large = error.is::<LengthLimitError>();
                let status =
                    if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
                let text = "the body is too large or incomplete";
                refuse(rpc_error(status, ErrorCode::INVALID_REQUEST, text, None))
            }
        }
    }
}

/// The path of the endpoint, with or without a slash at its end.
fn is_endpoint(path: &str, endpoint: &str) -> bool {
    let bare = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
    bare(path) == bare(endpoint)
}

fn refuse<T>(response: BoxResponse) -> Result<T, Box<BoxResponse>> {
    Err(Box::new(response))
}

fn forbid(text: &'static str) -> BoxResponse {
    rpc_error(StatusCode::FORBIDDEN, ErrorCode::INVALID_REQUEST, text, None)
}

impl<H, M, B> Service<Request<B>> for McpService<H, M>
where
    H: ServerHandler,
    M: SessionManager,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = BoxResponse;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<BoxResponse, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.handle(request).await) })
    }
}

impl<H, M> Clone for McpService<H, M> {
    fn clone(&self) -> Self {
        Self { mcp: Arc::clone(&self.mcp), server: self.server.clone() }
    }
}

impl<H, M> fmt::Debug for McpService<H, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpService").field("mcp", &self.mcp).finish_non_exhaustive()
    }
}
