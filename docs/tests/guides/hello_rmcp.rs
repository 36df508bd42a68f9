//! A first MCP server of rmcp, without sign-in: what the guide's server is compared with.

use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{tool, tool_router};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Notes;

#[tool_router(server_handler)]
impl Notes {
    #[tool(description = "Reads your notes")]
    async fn read_notes(&self) -> String {
        "the notes".to_owned()
    }

    #[tool(description = "Writes a note")]
    async fn write_note(&self) -> String {
        "a note".to_owned()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = LocalSessionManager::default().into();
    let mcp = StreamableHttpService::new(|| Ok(Notes), sessions, Default::default());
    let app = axum::Router::new().nest_service("/mcp", mcp);
    let listener = TcpListener::bind(("localhost", 8000)).await?;
    Ok(axum::serve(listener, app).await?)
}
