//! What is decided before an MCP server sees a request, whichever server that is.

use std::future::Future;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use logto::resource_server::{AccessTokenClaims, Policy};
use rmcp::model::{ClientJsonRpcMessage, ErrorCode};
use tower::BoxError;

use crate::ending::ending;
use crate::operation::{Operation, id};
use crate::origins::{allow, preflight};
use crate::reply::{BoxResponse, empty, from_core, not_allowed, rpc_error};
use crate::table::{EVERYBODY, Requester, Undeclared, organization};
use crate::{Mcp, sessions};

/// Where the metadata is looked for if not below the path of the endpoint.
const ROOT_METADATA: &str = "/.well-known/oauth-protected-resource";

/// A request that may reach the MCP server. Its extensions have the claims, its headers no token.
pub(crate) struct Admitted {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    /// What the body says; `None` if it is not a POST.
    #[cfg(feature = "poem")]
    pub(crate) message: Option<ClientJsonRpcMessage>,
    pub(crate) caller: AccessTokenClaims,
}

impl Admitted {
    pub(crate) fn into_request(self) -> Request<Full<Bytes>> {
        Request::from_parts(self.parts, Full::new(self.body))
    }
}

impl Mcp {
    /// Answers a request: with a refusal, or with what `serve` says to one that is admitted.
    pub(crate) async fn answer<B, F>(
        &self,
        request: Request<B>,
        max_body: usize,
        serve: impl FnOnce(Admitted) -> F,
    ) -> BoxResponse
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send,
        F: Future<Output = BoxResponse>,
    {
        let path = request.uri().path();
        if path == ROOT_METADATA || Some(path) == self.api.metadata_path() {
            return self.metadata(request.method());
        }
        if !is_endpoint(path, &self.path) {
            return empty(StatusCode::NOT_FOUND);
        }
        let origin = match self.origin(&request) {
            Ok(origin) => origin,
            Err(refusal) => return *refusal,
        };
        let mut response = if request.method() == Method::OPTIONS {
            preflight(request.headers())
        } else {
            match self.admit(request, max_body).await {
                Ok(admitted) => self.serve(admitted, serve).await,
                Err(refusal) => *refusal,
            }
        };
        allow(&mut response, origin);
        response
    }

    fn metadata(&self, method: &Method) -> BoxResponse {
        let reply = match *method {
            Method::OPTIONS => self.api.metadata_preflight(),
            Method::GET | Method::HEAD => self.api.metadata(),
            _ => None,
        };
        reply.map_or_else(|| not_allowed("GET, HEAD, OPTIONS"), from_core)
    }

    /// The origin of the page that asks, of those that may.
    fn origin<B>(&self, request: &Request<B>) -> Result<Option<HeaderValue>, Box<BoxResponse>> {
        if !self.origins.is_host(request.uri(), request.headers()) {
            return refuse(forbid("the host is not the one of this server"));
        }
        let origin = self.origins.origin(request.headers());
        origin.or_else(|()| refuse(forbid("pages of this origin may not call this server")))
    }

    async fn admit<B>(
        &self,
        request: Request<B>,
        max_body: usize,
    ) -> Result<Admitted, Box<BoxResponse>>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let (mut parts, body) = request.into_parts();
        let caller = self.authenticate(&parts).await?;
        let (body, message) = if parts.method == Method::POST {
            let body = read(body, max_body).await?;
            let message = self.authorize(&parts, &caller, &body).await?;
            (body, Some(message))
        } else {
            (Bytes::new(), None)
        };
        match self.sessions.open(&mut parts.headers, &caller) {
            Err(sessions::Foreign) => {
                let text = "the session is not known";
                let code = ErrorCode::INVALID_REQUEST;
                return refuse(rpc_error(StatusCode::NOT_FOUND, code, text, None));
            }
            // What a stream without a session would repeat could be anyone's.
            Ok(false) if parts.method == Method::GET => return refuse(not_allowed("POST")),
            Ok(_) => {}
        }
        log_delegation(&caller, &parts, message.as_ref());
        // The token is for this server, not for one behind it.
        parts.headers.remove(AUTHORIZATION);
        parts.extensions.insert(caller.clone());
        Ok(Admitted {
            parts,
            body,
            #[cfg(feature = "poem")]
            message,
            caller,
        })
    }

    async fn serve<F: Future<Output = BoxResponse>>(
        &self,
        admitted: Admitted,
        serve: impl FnOnce(Admitted) -> F,
    ) -> BoxResponse {
        let caller = admitted.caller.clone();
        let rest = self.api.time_left(&caller);
        let mut response = serve(admitted).await;
        self.sessions.bind(response.headers_mut(), &caller);
        response.map(|body| ending(body, rest))
    }

    /// Whose token it is. The body is not read for strangers: a refusal names the scopes of what
    /// the headers say. Whether they are true only the body tells, so a good token is let through
    /// to it whatever it permits.
    async fn authenticate(&self, parts: &Parts) -> Result<AccessTokenClaims, Box<BoxResponse>> {
        let operation = Operation::from_headers(&parts.headers);
        let policy = operation.and_then(|operation| self.table.policy(operation).ok());
        let refusal = match self.check(parts, &policy.unwrap_or(EVERYBODY).without_log()).await {
            Err(refusal) if parts.method == Method::POST && is_of_policy(&refusal) => refusal,
            outcome => return outcome,
        };
        self.check(parts, &EVERYBODY.without_log()).await.map_err(|_| refusal)
    }

    /// The message in the body, if the caller may do what it says.
    async fn authorize(
        &self,
        parts: &Parts,
        caller: &AccessTokenClaims,
        body: &[u8],
    ) -> Result<ClientJsonRpcMessage, Box<BoxResponse>> {
        // As rmcp reads it, so that nothing can mean one thing here and another there.
        let Ok(message) = serde_json::from_slice::<ClientJsonRpcMessage>(body) else {
            let text = "the body is not one JSON-RPC message";
            return refuse(rpc_error(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR, text, None));
        };
        if let Some(operation) = Operation::from_body(&message) {
            self.decide(operation, parts, caller, &message).await?;
        }
        Ok(message)
    }

    async fn decide(
        &self,
        operation: Operation<'_>,
        parts: &Parts,
        caller: &AccessTokenClaims,
        message: &ClientJsonRpcMessage,
    ) -> Result<(), Box<BoxResponse>> {
        let refuse_as = |status, code, text| refuse(rpc_error(status, code, text, id(message)));
        if operation.is_contradicted_by(&parts.headers) {
            let text = "the headers `Mcp-Method` and `Mcp-Name` do not match the body";
            return refuse_as(StatusCode::BAD_REQUEST, ErrorCode::HEADER_MISMATCH, text);
        }
        match self.table.policy(operation) {
            Ok(policy) if Requester::new(caller, &parts.headers).may(&policy) => Ok(()),
            // Once more, for the challenge.
            Ok(policy) => self.check(parts, &policy).await.map(drop),
            Err(Undeclared::Name) => {
                let method = operation.method;
                tracing::warn!(method, "rejected an MCP operation that has no policy");
                let text = "this is not offered";
                refuse_as(StatusCode::FORBIDDEN, ErrorCode::INVALID_PARAMS, text)
            }
            Err(Undeclared::Parameters) if id(message).is_some() => {
                let text = "the parameters are missing or wrong";
                refuse_as(StatusCode::BAD_REQUEST, ErrorCode::INVALID_PARAMS, text)
            }
            // MCP has no notification of such a name.
            Err(Undeclared::Method | Undeclared::Parameters) => {
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
        let claims = self.api.authorize(policy, headers.get_all(AUTHORIZATION), organization);
        claims.await.map_err(|error| Box::new(from_core(error.into())))
    }
}

/// Whether another policy could have let the same token through.
fn is_of_policy(refusal: &BoxResponse) -> bool {
    matches!(refusal.status(), StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST)
}

/// A line for each request of someone who acts for the user.
fn log_delegation(
    caller: &AccessTokenClaims,
    parts: &Parts,
    message: Option<&ClientJsonRpcMessage>,
) {
    if let Some(actor) = caller.actor() {
        let (subject, depth) = (caller.sub(), caller.delegation_depth());
        let operation = message.and_then(Operation::from_body);
        let method = operation.map_or(parts.method.as_str(), |operation| operation.method);
        let name = operation.and_then(|operation| operation.name);
        tracing::info!(actor, subject, depth, method, name, "delegated MCP request accepted");
    }
}

async fn read<B>(body: B, max: usize) -> Result<Bytes, Box<BoxResponse>>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    match Box::pin(Limited::new(body, max).collect()).await {
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
