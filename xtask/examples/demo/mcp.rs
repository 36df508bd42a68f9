//! The local tenant of the MCP demo: the server is an API there, and its clients are registered.

use logto_local::{LocalTenant, Person};
use logto_management::{Management, NewResource, NewRole, RoleType};
use tokio::process::Command;

use crate::Result;

/// MCP Inspector in the browser and in the terminal, and VS Code.
const CLIENTS: [&str; 3] = [
    "http://localhost:6274/oauth/callback",
    "http://127.0.0.1:6276/oauth/callback",
    "http://127.0.0.1:33418/",
];
/// The permissions, each with a role of the same name, and who has it.
const PERMISSIONS: [&str; 2] = ["read:models", "write:bookmarks"];

/// Starts the tenant and tells `app` about it. alice may do everything, frank may not write.
pub(crate) async fn local_tenant(
    base_url: &str,
    port: u16,
    app: &mut Command,
) -> Result<LocalTenant> {
    let [read, write] = PERMISSIONS;
    let mut tenant = LocalTenant::builder()
        .port(port)
        .base_url(base_url)
        .token_storage(true)
        .token_exchange(true)
        .person(Person::new("alice").with_role(read).with_role(write))
        .person(Person::new("frank").with_role(read));
    for client in CLIENTS {
        tenant = tenant.redirect_uri(client);
    }
    let tenant = tenant.start().await?;
    register(&tenant, &format!("{}/mcp", base_url.trim_end_matches('/'))).await?;
    let own = tenant.machine_app();
    app.env("LOGTO_ENDPOINT", tenant.endpoint())
        .env("LOGTO_APP_ID", &own.app_id)
        .env("LOGTO_APP_SECRET", &own.app_secret)
        .env("MCP_CLIENT_ID", tenant.app_id())
        .env("MCP_CLIENT_SECRET", tenant.app_secret())
        .env("HF_ENDPOINT", format!("{}/hugging-face", tenant.endpoint()));
    Ok(tenant)
}

async fn register(tenant: &LocalTenant, address: &str) -> Result<()> {
    let own = tenant.machine_app();
    let management = Management::new(tenant.endpoint(), &own.app_id, &own.app_secret)?;
    let new = NewResource::new("Hugging Face assistant", address);
    let api = management.resources().create(&new).await?.id;
    for permission in PERMISSIONS {
        let scope = management.resources().add_scope(&api, permission, None).await?;
        let mut role = NewRole::new(permission, permission, RoleType::User);
        role.scope_ids.push(scope.id);
        management.roles().create(&role).await?;
    }
    Ok(())
}
