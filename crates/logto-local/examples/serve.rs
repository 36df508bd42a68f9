//! A tenant on port 3001 for an app on port 3000, until Ctrl-C.

use logto_local::{Error, LocalTenant};

#[tokio::main]
#[allow(clippy::print_stdout, reason = "the values are what one runs it for")]
async fn main() -> Result<(), Error> {
    let tenant = LocalTenant::builder()
        .port(3001)
        .base_url("http://localhost:3000")
        .app("local-app", "local-secret")
        .start()
        .await?;
    println!("export LOGTO_ENDPOINT={}", tenant.endpoint());
    println!("export LOGTO_APP_ID={}", tenant.app_id());
    println!("export LOGTO_APP_SECRET={}", tenant.app_secret());
    println!("export LOGTO_COOKIE_SECRET=only-for-development-0123456789abcdef");
    if let Err(problem) = tokio::signal::ctrl_c().await {
        println!("cannot wait for Ctrl-C: {problem}");
    }
    Ok(())
}
