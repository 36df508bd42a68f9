//! The MCP server of rmcp with its protection, as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http_body::Body;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{
    SessionManager, StreamableHttpServerConfig, StreamableHttpService,
};
use tower::{BoxError, Service};

use crate::Mcp;
use crate::guard::Admitted;
use crate::handler::Restricted;
use crate::reply::BoxResponse;

/// An rmcp server that only verified callers reach. [`Mcp::service`] makes it.
///
/// It answers at the path of the API's address and at the two paths of the metadata (RFC 9728,
/// section 3.1), and says 404 to everything else: give it all requests that your own routes do not
/// take. Do not nest it below a path, because it would not know its own any more.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_mcp::{Mcp, McpService};
/// use rmcp::ServerHandler;
///
/// fn app<H: ServerHandler + Clone>(mcp: Mcp, handler: H) -> Router {
///     let service: McpService<H> = mcp.service(move || Ok(handler.clone()));
///     Router::new().route("/health", get(async || "ok")).fallback_service(service)
/// }
/// ```
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
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::McpService;
    /// use rmcp::ServerHandler;
    ///
    /// /// For a server that has requests of the crate `http` and none of tower's services.
    /// async fn status<H: ServerHandler>(service: &McpService<H>, request: http::Request<String>) -> u16 {
    ///     service.handle(request).await.status().as_u16()
    /// }
    /// ```
    pub async fn handle<B>(&self, request: Request<B>) -> BoxResponse
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let serve = |admitted: Admitted| self.server.handle(admitted.into_request());
        let max_body = self.server.config.max_request_body_bytes;
        self.mcp.answer(request, max_body, serve).await
    }
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
