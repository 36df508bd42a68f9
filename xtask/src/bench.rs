//! `cargo xtask bench`: what a request costs, beside other crates that do the same.

use std::process::{Command, ExitCode};

/// The package has a workspace of its own, and the target folder of this one.
pub(crate) const TARGET: &str = "target";

/// Runs all groups, or one.
pub(crate) fn run(groups: &[&str]) -> Result<ExitCode, String> {
    let status = cargo("run")
        .args(["--package", "logto-benches", "--"])
        .args(groups)
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

pub(crate) fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([command, "--quiet", "--release", "--locked"]);
    cargo.args(["--manifest-path", "benches/Cargo.toml", "--target-dir", TARGET]);
    cargo
}
