//! `cargo xtask test-frameworks`: Leptos, Dioxus and Loco, in a workspace of their own.

use std::process::{Command, ExitCode};

use crate::test_all;

/// The frameworks that are axum below, with an example each.
pub(crate) const NAMES: [&str; 3] = ["leptos", "dioxus", "loco"];

/// What every call of cargo selects, so that the dependencies are built once.
pub(crate) const SELECTION: [&str; 7] = [
    "--workspace",
    "--manifest-path",
    "tests/frameworks/Cargo.toml",
    "--features",
    "example-leptos/ssr,example-dioxus/server",
    "--target-dir",
    "target/frameworks",
];

/// Runs the linter and the tests.
pub(crate) fn run() -> Result<ExitCode, String> {
    test_all::chromium()?;
    let manifest = ["--manifest-path", "tests/frameworks/Cargo.toml"];
    let formatted =
        succeeds(Command::new(env!("CARGO")).args(["fmt", "--all", "--check"]).args(manifest))?;
    let linted = succeeds(
        Command::new(env!("CARGO"))
            .args(["clippy", "--all-targets"])
            .args(SELECTION)
            .args(["--", "-D", "warnings"]),
    )?;
    // No documentation tests: there are none, and an app that a test builds may replace what they
    // link.
    let tested =
        succeeds(Command::new(env!("CARGO")).args(["test", "--all-targets"]).args(SELECTION))?;
    Ok(match formatted && linted && tested {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn succeeds(command: &mut Command) -> Result<bool, String> {
    let status = command.status();
    Ok(status.map_err(|error| format!("cargo could not be started: {error}"))?.success())
}
