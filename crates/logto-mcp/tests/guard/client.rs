//! rmcp's own client against the server: discovery, sign-in, calls, and a scope that is missing.

use logto_local::LocalTenant;
use logto_mcp::logto::Clock;
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

use crate::notes::{Notes, protected};
use crate::world::{api, id, register, tenant};

const CALLBACK: &str = "http://localhost:3000/callback";

/// Serves the notes with axum, on a port of its own.
async fn serve(tenant: &LocalTenant) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let address = format!("http://localhost:{port}/mcp");
    register(tenant, &address).await;
    let mcp = protected(&api(tenant, &address, &Clock::system()));
    let app = axum::Router::new().fallback_service(mcp.service(|| Ok(Notes::default())));
    tokio::spawn(async { axum::serve(listener, app).await });
    address
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
    let tenant = tenant().await;
    let alice = id(&tenant, "alice");
    let address = serve(&tenant).await;

    // Without a token the server says where to sign in.
    let refused = ().serve(StreamableHttpClientTransport::from_uri(address.as_str())).await;
    let refused = refused.expect_err("no user is signed in");
    let challenge = refused.auth_challenge().expect("a challenge").to_owned();
    assert!(challenge.contains("resource_metadata="), "{challenge}");

    let mut state = OAuthState::new(address.as_str(), None).await.expect("a state");
    let request = AuthorizationRequest::new(CALLBACK)
        .with_preregistered_client(tenant.app_id())
        .with_client_secret(tenant.app_secret())
        .with_initial_scope_selection()
        .with_challenge(challenge);
    state.start_authorization(request).await.expect("discovery");
    let url = state.get_authorization_url().await.expect("an address");
    let scopes = reqwest::Url::parse(&url).expect("a URL");
    let scope = scopes.query_pairs().find(|(name, _)| name == "scope").expect("scopes").1;
    assert!(scope.split(' ').any(|scope| scope == "read:notes"), "{scope}");
    assert!(!scope.contains("write:notes"), "{scope}");
    let callback = tenant.sign_in(&url, "alice").await.expect("a callback");
    state.handle_callback_url(&callback).await.expect("a token");
    let manager = state.into_authorization_manager().expect("signed in");
    let client = AuthClient::new(reqwest::Client::new(), manager);

    let service = ().serve(transport(&address, &client)).await.expect("a connection");
    assert_eq!(names(&service).await, ["headers", "offered", "read_notes", "whoami"]);
    assert_eq!(
        call(&service, "whoami").await.expect("an answer"),
        format!("{alice} with read:notes")
    );

    // The scope that is missing: a real 403, which names all that the tool needs.
    let refused = call(&service, "write_note").await.expect_err("a scope is missing");
    let challenge = refused.auth_challenge().expect("a challenge");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"read:notes write:notes\""), "{challenge}");

    let manager = client.auth_manager.lock().await;
    let url = manager.request_scope_upgrade("read:notes write:notes").await.expect("an address");
    let callback = tenant.sign_in(&url, "alice").await.expect("a callback");
    redeem(&manager, &callback).await;
    drop(manager);
    assert_eq!(
        call(&service, "write_note").await.expect("an answer"),
        format!("{alice} wrote hello")
    );
    assert!(names(&service).await.contains(&"write_note".to_owned()));
}
