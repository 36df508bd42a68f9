//! `cargo xtask chaos <minutes>`: breaks three instances and their store again and again.

use std::process::{Command, ExitCode};

/// Builds `tests/examples/chaos` and runs it.
pub(crate) fn run(minutes: &str) -> Result<ExitCode, String> {
    if minutes.parse::<u32>().is_err() {
        return Err(format!("{minutes} is not a number of minutes"));
    }
    let started = |error| format!("cargo could not be started: {error}");
    // All packages, so that the dependencies are those of the tests.
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--example", "chaos"])
        .status()
        .map_err(started)?;
    if !build.success() {
        return Err("chaos could not be built".to_owned());
    }
    let status = Command::new("target/debug/examples/chaos")
        .arg(minutes)
        .status()
        .map_err(|error| format!("chaos could not be started: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
