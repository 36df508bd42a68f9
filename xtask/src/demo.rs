//! `cargo xtask demo <example>`: checks what can be checked at once, builds,
//! and hands over to the program in `examples/demo`.

mod build;
mod plan;

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode};

use plan::{Plan, Tenant};

use crate::frameworks;

/// The frameworks that there is an example app for, and the MCP server.
const EXAMPLES: [&str; 8] =
    ["axum", "actix-web", "poem", "rocket", "mcp", "leptos", "dioxus", "loco"];

pub(crate) fn run(example: &str) -> Result<ExitCode, String> {
    if !EXAMPLES.contains(&example) {
        return Err(format!(
            "There is no example for {example}. Choose one of {}.",
            EXAMPLES.join(", ")
        ));
    }
    // The MCP server keeps no sessions.
    let plan = Plan::read(example != "mcp", |name| env::var(name).ok())?;
    check_ports(&plan, example)?;

    let package = format!("example-{example}");
    let is_framework = frameworks::NAMES.contains(&example);
    let programs = match is_framework {
        true => build::build_framework(&package)?,
        false => build::build(&package)?,
    };
    let mut demo = Command::new(&programs.demo);
    if is_framework {
        // Where the example has its templates, files and configuration.
        let folder = Path::new("examples").join(example);
        demo.env("DIOXUS_PUBLIC_PATH", "public").current_dir(folder);
    }
    demo.arg(&programs.app).arg(&plan.base_url).arg(plan.port.to_string());
    if let Tenant::Local { port } = plan.tenant {
        demo.arg(port.to_string());
    }
    become_program(demo)
}

fn check_ports(plan: &Plan, example: &str) -> Result<(), String> {
    check_port(
        plan.port,
        "The app",
        "BASE_URL",
        &format!("BASE_URL=http://localhost:4000 cargo xtask demo {example}"),
    )?;
    match plan.tenant {
        Tenant::Local { port } => check_port(
            port,
            "The local Logto",
            "LOGTO_LOCAL_PORT",
            &format!("LOGTO_LOCAL_PORT=4001 cargo xtask demo {example}"),
        ),
        Tenant::Remote => Ok(()),
    }
}

fn check_port(port: u16, who: &str, variable: &str, instead: &str) -> Result<(), String> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{who} cannot listen on port {port}: {error}.\n\
             Try another port, with {variable}:\n\n    {instead}"
        )),
    }
}

/// Replaces this process, so that a signal sent to it reaches the demo.
#[cfg(unix)]
fn become_program(mut command: Command) -> Result<ExitCode, String> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(format!("The demo could not be started: {error}"))
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<ExitCode, String> {
    match command.status() {
        Ok(status) if status.success() => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::FAILURE),
        Err(error) => Err(format!("The demo could not be started: {error}")),
    }
}
