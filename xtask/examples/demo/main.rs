//! Runs an example app, with a local Logto if a port for it is given, until
//! Ctrl-C or until the app ends. `cargo xtask demo` builds and starts this:
//!
//! `demo <app program> <base URL> <its port> [port of the local Logto]`

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for the terminal prints to it"
)]

mod mcp;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use logto_local::LocalTenant;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::{signal, time};

/// Public on purpose: what is sealed with it is worth nothing.
const COOKIE_SECRET: &str = "only-for-the-demo-0123456789abcdef0123456789";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(app), Some(base_url), Some(port)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("This program is started by `cargo xtask demo <example>`.".into());
    };
    let port: u16 = port.parse()?;

    let name = Path::new(&app).file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let is_mcp = name == "example-mcp";
    let mut command = Command::new(&app);
    command.env("BASE_URL", &base_url).env_remove("PORT").kill_on_drop(true);
    // The others take the port of BASE_URL.
    if matches!(name, "example-dioxus" | "example-loco") {
        command.env("PORT", port.to_string());
    }
    if name == "example-loco" {
        command.arg("start");
    }
    let tenant = match arguments.next() {
        Some(port) if is_mcp => {
            Some(mcp::local_tenant(&base_url, port.parse()?, &mut command).await?)
        }
        Some(port) => Some(local_tenant(&base_url, port.parse()?, &mut command).await?),
        None => None,
    };
    let mut app = command.spawn()?;

    tokio::select! {
        ended = died(&mut app) => return Err(ended),
        () = listening(port) => {}
        () = interrupted() => return Ok(()),
    }
    println!("\n  Open this:     {base_url}");
    if let Some(tenant) = &tenant {
        println!("  Local Logto:   {}", tenant.endpoint());
    }
    println!("  To end:        Ctrl-C\n");

    tokio::select! {
        ended = died(&mut app) => Err(ended),
        () = interrupted() => Ok(app.kill().await?),
    }
}

/// Starts a local Logto and tells `app` about it.
async fn local_tenant(base_url: &str, port: u16, app: &mut Command) -> Result<LocalTenant> {
    let tenant = LocalTenant::builder()
        .port(port)
        .base_url(base_url)
        .token_storage(true)
        .account_center(true)
        .start()
        .await?;
    app.env("LOGTO_ENDPOINT", tenant.endpoint())
        .env("LOGTO_APP_ID", tenant.app_id())
        .env("LOGTO_APP_SECRET", tenant.app_secret())
        .env("LOGTO_COOKIE_SECRET", COOKIE_SECRET)
        .env("HF_ENDPOINT", format!("{}/hugging-face", tenant.endpoint()))
        .env("LOGTO_RESOURCES", "https://api.example.test")
        .env("LOGTO_SCOPES", "read:things");
    Ok(tenant)
}

async fn died(app: &mut Child) -> Box<dyn Error> {
    match app.wait().await {
        Ok(status) => format!("The example app ended: {status}").into(),
        Err(error) => error.into(),
    }
}

/// Returns when something accepts connections on `port`. However long that
/// takes, the app or the user may end it meanwhile.
async fn listening(port: u16) {
    while TcpStream::connect(("localhost", port)).await.is_err() {
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns on Ctrl-C, and where there are such signals, when asked to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut asked) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = signal::ctrl_c() => return,
            _ = asked.recv() => return,
        }
    }
    let _ = signal::ctrl_c().await;
}
