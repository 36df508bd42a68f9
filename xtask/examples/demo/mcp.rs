//! The local tenant of the MCP demo: the server is an API there, and its clients are registered.

use logto_local::LocalTenant;
use tokio::process::Command;

use crate::Result;

/// MCP Inspector in the browser and in the terminal, and VS Code.
const CLIENTS: [&str; 4] = [
    "http://localhost:6274/oauth/callback",
    "http://127.0.0.1:6274/oauth/callback",
    "http://127.0.0.1:6276/oauth/callback",
    "http://127.0.0.1:33418/",
];
/// The permissions. alice has both, frank the first one.
const PERMISSIONS: [&str; 2] = ["read:models", "write:bookmarks"];

/// Starts the tenant and tells `app` about it.
pub(crate) async fn local_tenant(
    base_url: &str,
    port: u16,
    app: &mut Command,
) -> Result<LocalTenant> {
    let address = format!("{}/mcp", base_url.trim_end_matches('/'));
    let mut tenant = LocalTenant::builder()
        .api(address, PERMISSIONS)
        .port(port)
        .base_url(base_url)
        .token_storage(true)
        .token_exchange(true);
    for client in CLIENTS {
        tenant = tenant.redirect_uri(client);
    }
    let tenant = tenant.start().await?;
    let own = tenant.machine_app();
    app.env("LOGTO_ENDPOINT", tenant.endpoint())
        .env("LOGTO_APP_ID", &own.app_id)
        .env("LOGTO_APP_SECRET", &own.app_secret)
        .env("MCP_CLIENT_ID", tenant.app_id())
        .env("MCP_CLIENT_SECRET", tenant.app_secret())
        .env("HF_ENDPOINT", format!("{}/hugging-face", tenant.endpoint()));
    Ok(tenant)
}
