//! The guide to MCP servers: its code, called by rmcp's own client through a local tenant.

use logto_local::LocalTenant;
use poem::listener::TcpAcceptor;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt};
use tokio::net::TcpListener;

mod with_rmcp {
    guide!("mcp-1");
}

mod exchange {
    guide!("mcp-2");
}

mod with_poem {
    guide!("mcp-3");
}

/// The tenant of the guide, and a server in it.
struct RunningApp {
    tenant: LocalTenant,
    address: String,
}

impl RunningApp {
    async fn new(serve: impl FnOnce(TcpListener, &str, &str)) -> Self {
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let address = format!("http://localhost:{}/mcp", listener.local_addr().unwrap().port());
        let tenant = LocalTenant::builder().api(&address, ["read:notes", "write:notes"]);
        let tenant = tenant.start().await.unwrap();
        serve(listener, tenant.endpoint(), &address);
        Self { tenant, address }
    }

    /// A client that a user has signed in, as the 401 told it.
    async fn client(&self, user: &str) -> RunningService<RoleClient, ()> {
        let transport = StreamableHttpClientTransport::from_uri(self.address.as_str());
        let refused = ().serve(transport).await.expect_err("the user is not signed in");
        let challenge = refused.auth_challenge().unwrap().to_owned();
        let mut state = OAuthState::new(self.address.as_str(), None).await.unwrap();
        let request = AuthorizationRequest::new("http://localhost:3000/callback")
            .with_preregistered_client(self.tenant.app_id())
            .with_client_secret(self.tenant.app_secret())
            .with_initial_scope_selection()
            .with_challenge(challenge);
        state.start_authorization(request).await.unwrap();
        let url = state.get_authorization_url().await.unwrap();
        let callback = self.tenant.sign_in(&url, user).await.unwrap();
        state.handle_callback_url(&callback).await.unwrap();
        let manager = state.into_authorization_manager().unwrap();
        let client = AuthClient::new(reqwest::Client::new(), manager);
        let config = StreamableHttpClientTransportConfig::with_uri(self.address.clone());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        ().serve(transport).await.unwrap()
    }

    fn id(&self, user: &str) -> String {
        let users = self.tenant.users();
        users.iter().find(|known| known.handle() == user).unwrap().id().to_owned()
    }
}

async fn tools(client: &RunningService<RoleClient, ()>) -> Vec<String> {
    let tools = client.list_all_tools().await.unwrap().into_iter();
    let mut tools: Vec<_> = tools.map(|tool| tool.name.into_owned()).collect();
    tools.sort();
    tools
}

#[tokio::test]
async fn a_client_reads_notes_and_is_told_what_writing_needs() {
    let running = RunningApp::new(|listener, logto, address| {
        let app = with_rmcp::app(logto, address).unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
    })
    .await;
    let client = running.client("frank").await;
    assert_eq!(tools(&client).await, ["read_notes", "write_note"]);
    let notes = client.call_tool(CallToolRequestParams::new("read_notes")).await.unwrap();
    let notes = serde_json::to_string(&notes).unwrap();
    assert!(notes.contains(&format!("the notes of {}", running.id("frank"))), "{notes}");
    let refused = client.call_tool(CallToolRequestParams::new("write_note")).await.unwrap_err();
    let challenge = refused.auth_challenge().unwrap();
    assert!(challenge.contains("scope=\"read:notes write:notes\""), "{challenge}");
}

#[tokio::test]
async fn a_client_reads_notes_of_poem() {
    let running = RunningApp::new(|listener, logto, address| {
        let app = with_poem::app(logto, address).unwrap();
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app));
    })
    .await;
    let client = running.client("alice").await;
    assert_eq!(tools(&client).await, ["read_notes"]);
    let call = CallToolRequestParams::new("read_notes");
    let notes = serde_json::to_string(&client.call_tool(call).await.unwrap()).unwrap();
    assert!(notes.contains(&format!("the notes of {}", running.id("alice"))), "{notes}");
}

/// Sign-in and permissions cost at most twenty lines.
#[test]
fn the_server_of_the_guide_is_little_longer_than_one_without_sign_in() {
    let mut hello: Vec<_> = include_str!("hello_rmcp.rs").lines().map(str::trim).collect();
    let guide = include_str!(concat!(env!("OUT_DIR"), "/mcp-1.rs"));
    let guide = guide.lines().map(|line| line.trim().trim_start_matches("pub(super) "));
    let mut added = Vec::new();
    for line in guide.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        match hello.iter().position(|known| *known == line) {
            Some(at) => drop(hello.remove(at)),
            None => added.push(line),
        }
    }
    assert!((5..=20).contains(&added.len()), "{} lines: {added:#?}", added.len());
}

/// The version that tests use as a client.
#[test]
fn the_inspector_is_the_tested_one() {
    let package = std::fs::read_to_string("../tests/mcp-inspector/package.json").unwrap();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    let name = "@modelcontextprotocol/inspector";
    let version = package["dependencies"][name].as_str().unwrap();
    for path in ["mcp.md", "../examples/mcp/templates/connect.html"] {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("npx {name}@{version} --catalog")), "{path}: {version}");
    }
}
