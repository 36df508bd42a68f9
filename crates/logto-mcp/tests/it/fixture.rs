//! A tenant with the notes as an API, the server, and tokens.

use std::sync::Arc;

use http::{HeaderMap, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use logto_local::LocalTenant;
use logto_mcp::logto::Clock;
use logto_mcp::{Api, ApiConfig, Mcp, McpEndpoint, McpService};
use poem::Endpoint;
use poem_mcpserver::McpServer;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use serde_json::Value;

use crate::ask::Ask;
use crate::notes::{Notes, protected};
use crate::poem_notes::PoemNotes;

/// Where clients reach the server.
pub(crate) const ADDRESS: &str = "http://localhost:8000/mcp";
const CALLBACK: &str = "http://localhost:3000/callback";

pub(crate) struct Fixture {
    pub(crate) tenant: LocalTenant,
    pub(crate) clock: Clock,
    pub(crate) notes: Notes,
    server: Server,
}

/// What is behind the guard.
pub(crate) enum Server {
    Rmcp(McpService<Notes>),
    Poem(Box<McpEndpoint>),
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::stoppable().await.0
    }

    /// With what tells the server to stop.
    pub(crate) async fn stoppable() -> (Self, impl FnOnce()) {
        let settings = settings();
        let streams = settings.cancellation_token.clone();
        let fixture = Self::of(|mcp, notes| {
            let handler = move || Ok(notes.clone());
            Server::Rmcp(mcp.service_with(handler, Arc::default(), settings))
        });
        (fixture.await, move || streams.cancel())
    }

    pub(crate) async fn of_poem() -> Self {
        Self::of(|mcp, _| {
            Server::Poem(Box::new(mcp.endpoint(|| McpServer::new().tools(PoemNotes))))
        })
        .await
    }

    async fn of(server: impl FnOnce(Mcp, Notes) -> Server) -> Self {
        let tenant = tenant(ADDRESS).await;
        let clock = Clock::system();
        let (notes, api) = (Notes::default(), api(&tenant, ADDRESS, &clock));
        let mcp = protected(&api)
            .with_origin("https://inspector.example.test")
            .with_host("proxy.example.test");
        let server = server(mcp, notes.clone());
        Self { tenant, clock, notes, server }
    }

    /// The user id of a user.
    pub(crate) fn id(&self, user: &str) -> String {
        id(&self.tenant, user)
    }

    /// A user's access token for the server.
    pub(crate) async fn token(&self, user: &str, scope: &str) -> String {
        text(&sign_in(&self.tenant, user, Some(ADDRESS), scope).await, "access_token")
    }

    /// alice's token with `read:notes`, in the hands of someone who acts for her.
    pub(crate) async fn delegated(&self, act: Value) -> String {
        let token = self.token("alice", "read:notes").await;
        let payload = token.split('.').nth(1).expect("a payload");
        let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload).expect("base64");
        let mut claims: Value = serde_json::from_slice(&payload).expect("claims");
        claims["act"] = act;
        self.tenant.sign_access_token(&claims).expect("a token")
    }

    pub(crate) async fn send(
        &self,
        ask: Ask,
    ) -> Response<BoxBody<bytes::Bytes, std::convert::Infallible>> {
        match &self.server {
            Server::Rmcp(service) => service.handle(ask.into_request()).await,
            Server::Poem(endpoint) => {
                let (parts, body) = ask.into_request().into_parts();
                let body = body.collect().await.expect("a body").to_bytes();
                let mut request =
                    poem::Request::builder().method(parts.method).uri(parts.uri).body(body);
                *request.headers_mut() = parts.headers;
                let response = Response::from(endpoint.get_response(request).await);
                let (parts, body) = response.into_parts();
                let body = body.collect().await.expect("a body").to_bytes();
                Response::from_parts(parts, Full::new(body).boxed())
            }
        }
    }

    pub(crate) async fn see(&self, ask: Ask) -> Seen {
        let (parts, body) = self.send(ask).await.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("text");
        Seen { status: parts.status, headers: parts.headers, body }
    }

    /// The session id of a user who has begun a session as older clients do.
    pub(crate) async fn session(&self, token: &str) -> String {
        let seen = self.see(Ask::initialize().token(token)).await;
        assert_eq!(seen.status, 200, "{seen:?}");
        let id = seen.header("mcp-session-id").to_owned();
        let initialized = Ask::legacy("notifications/initialized", Value::Null).session(&id);
        let seen = self.see(initialized.token(token)).await;
        assert_eq!(seen.status, 202, "{seen:?}");
        id
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The JSON-RPC message in the body, a JSON document or the last event of a stream.
    pub(crate) fn message(&self) -> Value {
        let events = self.body.lines().filter_map(|line| line.strip_prefix("data:"));
        let last = events.map(str::trim).rfind(|data| data.starts_with('{'));
        serde_json::from_str(last.unwrap_or(&self.body)).expect("a JSON-RPC message")
    }
}

/// Without signs of life in streams: those go by a clock that tests cannot stop.
fn settings() -> StreamableHttpServerConfig {
    let mut settings = StreamableHttpServerConfig::default();
    settings.sse_keep_alive = None;
    settings
}

pub(crate) fn api(tenant: &LocalTenant, address: &str, clock: &Clock) -> Api {
    let config =
        ApiConfig::new(address).with_resource_metadata(["read:notes"]).with_clock(clock.clone());
    Api::new(tenant.endpoint(), config).expect("a configuration")
}

/// A tenant with the server as an API, where alice may read and write, frank reads, and carol does
/// neither.
pub(crate) async fn tenant(address: &str) -> LocalTenant {
    let tenant = LocalTenant::builder().api(address, ["read:notes", "write:notes"]);
    tenant.start().await.expect("a tenant")
}

/// The token response for a user who has signed in.
pub(crate) async fn sign_in(
    tenant: &LocalTenant,
    user: &str,
    resource: Option<&str>,
    scope: &str,
) -> Value {
    let scope = format!("openid {scope}");
    let mut request = vec![
        ("client_id", tenant.app_id()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", &scope),
        ("state", "xyz"),
    ];
    request.extend(resource.map(|resource| ("resource", resource)));
    let url = format!("{}/oidc/auth", tenant.endpoint());
    let url = reqwest::Url::parse_with_params(&url, &request).expect("a URL");
    let callback = tenant.sign_in(url.as_str(), user).await.expect("a callback");
    let callback = reqwest::Url::parse(&callback).expect("a URL");
    let code = callback.query_pairs().find(|(name, _)| name == "code").expect("a code").1;

    let mut form =
        vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    form.extend(resource.map(|resource| ("resource", resource)));
    let request = reqwest::Client::new().post(format!("{}/oidc/token", tenant.endpoint()));
    let request = request.basic_auth(tenant.app_id(), Some(tenant.app_secret())).form(&form);
    let response = request.send().await.expect("a response");
    response.error_for_status().expect("tokens").json().await.expect("JSON")
}

pub(crate) fn id(tenant: &LocalTenant, user: &str) -> String {
    let users = tenant.users();
    let user = users.iter().find(|known| known.handle() == user);
    user.expect("a user").id().to_owned()
}

pub(crate) fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect("text").to_owned()
}
