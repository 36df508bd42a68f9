//! `cargo xtask bench`: what a request costs, beside other crates that do the same.

use std::process::{Command, ExitCode};

/// Runs all groups, or one. The package has a workspace of its own, and the target folder of this one.
pub(crate) fn run(groups: &[&str]) -> Result<ExitCode, String> {
    let status = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--locked"])
        .args(["--manifest-path", "benches/Cargo.toml"])
        .args(["--target-dir", "target", "--"])
        .args(groups)
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
