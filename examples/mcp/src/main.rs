//! A Hugging Face assistant: an MCP server whose callers sign in with Logto.

mod assistant;
mod hub;
mod page;
#[path = "../../shutdown.rs"]
mod shutdown;

use std::env;
use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use logto_mcp::logto::m2m::{MachineApp, MachineConfig};
use logto_mcp::{Api, ApiConfig, Mcp, Policy};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use url::Url;

use assistant::Assistant;
use hub::Hub;

/// The permissions of the API resource in Logto. Clients ask for the first one when a user signs
/// in, and for the second when the tool that needs it is called for the first time.
const READ: &str = "read:models";
const WRITE: &str = "write:bookmarks";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rmcp=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let endpoint = variable("LOGTO_ENDPOINT")?;
    let base_url = env::var("BASE_URL").unwrap_or_else(|_| "http://localhost:3000".to_owned());
    let base_url = base_url.trim_end_matches('/');
    let address = format!("{base_url}/mcp");

    // The address is the API identifier in Logto, to the letter.
    let config = ApiConfig::new(&address).with_resource_metadata([READ]);
    let api = Api::new(&endpoint, config)?;
    // An application of your own that may exchange tokens, to ask Logto for the caller's Hugging
    // Face token.
    let app =
        MachineConfig::new(&endpoint, variable("LOGTO_APP_ID")?, variable("LOGTO_APP_SECRET")?);
    let assistant = Assistant::new(Hub::new(&endpoint, MachineApp::new(app)?));

    // Clients keep their streams open, and the server stops when the last one has ended.
    let config = StreamableHttpServerConfig::default();
    let streams = config.cancellation_token.clone();
    let sessions = Arc::new(LocalSessionManager::default());
    let mcp = Mcp::new(&api)?
        .with_tool("whoami", Policy::new())
        .with_tool("list_my_models", Policy::new().with_scopes(&[READ]).users_only())
        .with_listed_tool("bookmark_model", Policy::new().with_scopes(&[WRITE]).users_only())
        .service_with(move || Ok(assistant.clone()), sessions, config);

    let page = Html(page::connect(&address)?);
    let app = Router::new().route("/", get(async move || page)).fallback_service(mcp);

    let listener = listen(base_url).await?;
    tracing::info!("open {base_url}");
    let stop = async move {
        shutdown::requested().await;
        streams.cancel();
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set"))
}

/// At the port of `BASE_URL`, or behind a proxy at `PORT`.
async fn listen(base_url: &str) -> Result<TcpListener, Box<dyn std::error::Error>> {
    if let Ok(port) = env::var("PORT") {
        let port: u16 = port.parse().map_err(|_| "PORT has to be a port number")?;
        return Ok(TcpListener::bind(("0.0.0.0", port)).await?);
    }
    let port = Url::parse(base_url)?.port_or_known_default().unwrap_or(3000);
    let listener = TcpListener::bind(("localhost", port)).await;
    Ok(listener.map_err(|error| format!("port {port}: {error}"))?)
}
