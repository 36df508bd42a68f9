//! rmcp's own client against the server: discovery, sign-in, calls, a scope that is missing,
//! refresh and revocation.

use std::time::Duration;

use logto_local::LocalTenant;
use logto_mcp::Mcp;
use logto_mcp::logto::Clock;
use poem::listener::TcpAcceptor;
use poem_mcpserver::McpServer;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthorizationCallback, AuthorizationManager, AuthorizationRequest, OAuthState,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceError, ServiceExt};
use serde_json::json;
use tokio::net::TcpListener;

use crate::fixture::{api, id, tenant};
use crate::notes::{Notes, protected};
use crate::poem_notes::PoemNotes;

const CALLBACK: &str = "http://localhost:3000/callback";

/// The notes on a port of their own.
struct RunningApp {
    tenant: LocalTenant,
    address: String,
    clock: Clock,
}

impl RunningApp {
    /// By axum and rmcp.
    async fn new() -> Self {
        Self::serve(|listener, mcp| {
            let app = axum::Router::new().fallback_service(mcp.service(|| Ok(Notes::default())));
            tokio::spawn(async { axum::serve(listener, app).await });
        })
        .await
    }

    /// By poem and poem-mcpserver.
    async fn of_poem() -> Self {
        Self::serve(|listener, mcp| {
            let endpoint = mcp.endpoint(|| McpServer::new().tools(PoemNotes));
            let app = poem::Route::new().nest("/", endpoint);
            let acceptor = TcpAcceptor::from_tokio(listener).expect("a listener");
            tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app));
        })
        .await
    }

    async fn serve(serve: impl FnOnce(TcpListener, Mcp)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let address = format!("http://localhost:{port}/mcp");
        let tenant = tenant(&address).await;
        let clock = Clock::system();
        serve(listener, protected(&api(&tenant, &address, &clock)));
        Self { tenant, address, clock }
    }

    /// Access tokens are over.
    fn wait(&self) {
        let two_hours = Duration::from_secs(2 * 3600);
        self.tenant.clock().advance(two_hours);
        self.clock.advance(two_hours);
    }

    /// A client that has found the tenant, and the address where its user signs in.
    async fn begin(&self) -> (OAuthState, String) {
        // Without a token the server says where to sign in.
        let refused =
            ().serve(StreamableHttpClientTransport::from_uri(self.address.as_str())).await;
        let refused = refused.expect_err("no user is signed in");
        let challenge = refused.auth_challenge().expect("a challenge").to_owned();
        assert!(challenge.contains("resource_metadata="), "{challenge}");
        let mut state = OAuthState::new(self.address.as_str(), None).await.expect("a state");
        let request = AuthorizationRequest::new(CALLBACK)
            .with_preregistered_client(self.tenant.app_id())
            .with_client_secret(self.tenant.app_secret())
            .with_initial_scope_selection()
            .with_challenge(challenge);
        state.start_authorization(request).await.expect("discovery");
        let url = state.get_authorization_url().await.expect("an address");
        (state, url)
    }

    /// A client that alice has signed in at that address.
    async fn finish(&self, mut state: OAuthState, url: &str) -> AuthClient<reqwest::Client> {
        let callback = self.tenant.sign_in(url, "alice").await.expect("a callback");
        state.handle_callback_url(&callback).await.expect("a token");
        let manager = state.into_authorization_manager().expect("signed in");
        AuthClient::new(reqwest::Client::new(), manager)
    }

    async fn connect(
        &self,
        client: &AuthClient<reqwest::Client>,
    ) -> RunningService<RoleClient, ()> {
        ().serve(transport(&self.address, client)).await.expect("a connection")
    }
}

fn transport(
    address: &str,
    client: &AuthClient<reqwest::Client>,
) -> StreamableHttpClientTransport<AuthClient<reqwest::Client>> {
    let config = StreamableHttpClientTransportConfig::with_uri(address.to_owned());
    StreamableHttpClientTransport::with_client(client.clone(), config)
}

async fn call(
    service: &RunningService<RoleClient, ()>,
    tool: &'static str,
) -> Result<String, ServiceError> {
    let arguments = json!({ "text": "hello" }).as_object().cloned().unwrap_or_default();
    let call = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = service.call_tool(call).await?;
    let text = result.content.first().and_then(|content| content.as_text());
    Ok(text.expect("a text").text.clone())
}

async fn names(service: &RunningService<RoleClient, ()>) -> Vec<String> {
    let tools = service.list_all_tools().await.expect("tools");
    let mut names: Vec<_> = tools.into_iter().map(|tool| tool.name.into_owned()).collect();
    names.sort();
    names
}

async fn redeem(manager: &AuthorizationManager, callback: &str) {
    let callback = AuthorizationCallback::from_redirect_url(callback).expect("a callback");
    let (code, state) = (callback.code.as_str(), callback.csrf_token.as_str());
    let issuer = callback.issuer.as_deref();
    let redeemed = manager.exchange_code_for_token_with_issuer(code, state, issuer).await;
    redeemed.expect("a token");
}

#[tokio::test]
async fn a_client_finds_the_tenant_signs_in_calls_and_steps_up() {
    let running = RunningApp::new().await;
    let alice = id(&running.tenant, "alice");
    let (state, url) = running.begin().await;
    let scopes = reqwest::Url::parse(&url).expect("a URL");
    let scope = scopes.query_pairs().find(|(name, _)| name == "scope").expect("scopes").1;
    assert!(scope.split(' ').any(|scope| scope == "read:notes"), "{scope}");
    assert!(!scope.contains("write:notes"), "{scope}");
    let client = running.finish(state, &url).await;

    let service = running.connect(&client).await;
    let seen = ["for_others", "for_support", "headers", "offered", "read_notes", "whoami"];
    assert_eq!(names(&service).await, seen);
    assert_eq!(
        call(&service, "whoami").await.expect("an answer"),
        format!("{alice} with read:notes")
    );
    step_up(&running, &client, &service).await;
}

/// The tool whose scope is missing, then with it.
async fn step_up(
    running: &RunningApp,
    client: &AuthClient<reqwest::Client>,
    service: &RunningService<RoleClient, ()>,
) {
    // A real 403, which names all that the tool needs.
    assert!(!names(service).await.contains(&"write_note".to_owned()));
    let refused = call(service, "write_note").await.expect_err("a scope is missing");
    let challenge = refused.auth_challenge().expect("a challenge");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"read:notes write:notes\""), "{challenge}");

    let manager = client.auth_manager.lock().await;
    let url = manager.request_scope_upgrade("read:notes write:notes").await.expect("an address");
    let callback = running.tenant.sign_in(&url, "alice").await.expect("a callback");
    redeem(&manager, &callback).await;
    drop(manager);
    let alice = id(&running.tenant, "alice");
    let wrote = call(service, "write_note").await.expect("an answer");
    assert_eq!(wrote, format!("{alice} wrote hello"));
    assert!(names(service).await.contains(&"write_note".to_owned()));
}

#[tokio::test]
async fn a_client_goes_on_with_a_new_token_until_the_user_takes_it_back() {
    let running = RunningApp::new().await;
    let (state, url) = running.begin().await;
    // As the clients do that want to stay signed in: Logto gives no refresh token otherwise.
    assert!(url.contains("offline_access"), "{url}");
    let client = running.finish(state, &format!("{url}&prompt=consent")).await;
    let service = running.connect(&client).await;
    assert!(call(&service, "whoami").await.is_ok());
    running.tenant.clear_requests();
    running.wait();
    assert!(call(&service, "whoami").await.is_ok());
    let requests = running.tenant.requests();
    let redeemed = requests.iter().filter(|seen| seen.path == "/oidc/token").count();
    assert_eq!(redeemed, 1, "{requests:?}");

    running.tenant.revoke_grants("alice").expect("a user");
    // What was issued goes on to its end, as every JWT does.
    assert!(call(&service, "whoami").await.is_ok());
    running.wait();
    let refused = call(&service, "whoami").await.expect_err("nothing is left to refresh with");
    let challenge = refused.auth_challenge().expect("a challenge");
    assert!(challenge.contains("resource_metadata="), "{challenge}");

    let (state, url) = running.begin().await;
    let client = running.finish(state, &url).await;
    assert!(call(&running.connect(&client).await, "whoami").await.is_ok());
}

#[tokio::test]
async fn a_client_uses_the_tools_of_poem_mcpserver() {
    let running = RunningApp::of_poem().await;
    let (state, url) = running.begin().await;
    let client = running.finish(state, &url).await;
    let service = running.connect(&client).await;
    let alice = id(&running.tenant, "alice");
    let who = call(&service, "whoami").await.expect("an answer");
    assert_eq!(who, format!("{alice} with read:notes"));
    step_up(&running, &client, &service).await;
    // The session goes on, and the tool knows what was added.
    let who = call(&service, "whoami").await.expect("an answer");
    assert!(who.contains("write:notes"), "{who}");
    service.cancel().await.expect("an end");
}
