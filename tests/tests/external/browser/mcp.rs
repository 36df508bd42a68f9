//! A user connects an MCP client that Logto has never heard of: rmcp's own client, a real
//! browser, and the example MCP server.

use axum::Router;
use logto_local::LocalTenant;
use logto_tests::{Browser, ExampleApp, Tab, eventually, free_base_url};
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthorizationCallback, AuthorizationManager, AuthorizationRequest, OAuthState,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceError, ServiceExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Where the document about the client is.
const CLIENT: &str = "https://client.example.test/mcp.json";

async fn tenant(base_url: &str) -> LocalTenant {
    let tenant = LocalTenant::builder()
        .base_url(base_url)
        .api(format!("{base_url}/mcp"), ["read:models", "write:bookmarks"])
        .client_documents(true)
        .start()
        .await
        .unwrap();
    let document = json!({
        "client_id": CLIENT, "client_name": "A client", "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    tenant.publish_client_metadata(CLIENT, document);
    tenant
}

/// The page of the client that a browser comes back to.
async fn callback() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = Router::new().fallback(async || "The client is signed in.");
    tokio::spawn(async { axum::serve(listener, page).await });
    format!("http://127.0.0.1:{port}/callback")
}

/// The user has come back to the client.
async fn came_back(tab: &Tab, callback: &str) -> String {
    eventually("the browser to come back to the client", async || {
        Some(tab.current_url().await).filter(|url| url.starts_with(callback))
    })
    .await
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: Value,
) -> Result<String, ServiceError> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let call = CallToolRequestParams::new(tool).with_arguments(arguments);
    Ok(serde_json::to_string(&client.call_tool(call).await?).unwrap())
}

async fn redeem(manager: &AuthorizationManager, callback: &str) {
    let callback = AuthorizationCallback::from_redirect_url(callback).unwrap();
    let (code, state) = (callback.code.as_str(), callback.csrf_token.as_str());
    let issuer = callback.issuer.as_deref();
    manager.exchange_code_for_token_with_issuer(code, state, issuer).await.unwrap();
}

#[tokio::test]
async fn a_client_with_a_document_is_let_in_allowed_more_and_sent_away() {
    let base_url = free_base_url();
    let address = format!("{base_url}/mcp");
    let tenant = tenant(&base_url).await;
    let own = tenant.machine_app();
    let environment = [
        ("LOGTO_ENDPOINT", tenant.endpoint()),
        ("LOGTO_APP_ID", own.app_id.as_str()),
        ("LOGTO_APP_SECRET", own.app_secret.as_str()),
    ];
    let _app = ExampleApp::start_mcp(&base_url, &environment).await;

    let refused = ().serve(StreamableHttpClientTransport::from_uri(address.as_str())).await;
    let challenge = refused.expect_err("a token is needed").auth_challenge().unwrap().to_owned();
    let callback = callback().await;
    let mut state = OAuthState::new(address.as_str(), None).await.unwrap();
    let request = AuthorizationRequest::new(&callback)
        .with_client_metadata_url(CLIENT)
        .with_initial_scope_selection()
        .with_challenge(challenge);
    state.start_authorization(request).await.unwrap();
    let url = state.get_authorization_url().await.unwrap();

    let browser = Browser::launch().await;
    let tab = browser.new_tab().await;
    tab.goto(&url).await;
    tab.click("#continue-with-hugging-face").await;
    tab.click("#person-alice").await;
    tab.click("#authorize").await;
    tab.shows("h1", "Authorize this app").await;
    assert!(tab.text("body").await.contains(CLIENT));
    tab.click("#authorize").await;
    state.handle_callback_url(&came_back(&tab, &callback).await).await.unwrap();

    let manager = state.into_authorization_manager().unwrap();
    let client = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(address);
    let transport = StreamableHttpClientTransport::with_client(client.clone(), config);
    let service = ().serve(transport).await.unwrap();
    let who = call(&service, "whoami", json!({})).await.unwrap();
    assert!(who.contains(CLIENT) && who.contains("read:models"), "{who}");

    let model = json!({ "model": "openai-community/gpt2" });
    let refused = call(&service, "bookmark_model", model.clone()).await.unwrap_err();
    let challenge = refused.auth_challenge().unwrap();
    assert!(challenge.contains("insufficient_scope"), "{challenge}");
    let manager = client.auth_manager.lock().await;
    let url = manager.request_scope_upgrade("write:bookmarks").await.unwrap();
    tab.goto("about:blank").await;
    // As a client that wants to stay signed in.
    tab.goto(&format!("{url}&prompt=consent")).await;
    // Signed in already: the consent page comes at once.
    assert!(tab.text("ul.scopes").await.contains("write:bookmarks"));
    tab.click("#authorize").await;
    redeem(&manager, &came_back(&tab, &callback).await).await;
    drop(manager);
    let bookmarks = call(&service, "bookmark_model", model).await.unwrap();
    assert!(bookmarks.contains("openai-community/gpt2"), "{bookmarks}");

    // The token of such a client opens nothing else: Logto does not exchange it.
    let models = call(&service, "list_my_models", json!({})).await.unwrap();
    assert!(models.contains("does not exchange the tokens of this client"), "{models}");

    // It goes on with a new token, until the user takes the permission back.
    let refresh = async || client.auth_manager.lock().await.refresh_token().await;
    let before = client.get_access_token().await.unwrap();
    refresh().await.unwrap();
    assert_ne!(client.get_access_token().await.unwrap(), before);
    assert!(call(&service, "whoami", json!({})).await.unwrap().contains("write:bookmarks"));
    tenant.revoke_grants("alice").unwrap();
    refresh().await.unwrap_err();
    browser.close().await;
}
