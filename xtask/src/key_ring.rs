//! `cargo xtask test-key-ring`: the test of `logto-native` that needs a key ring, with one of its
//! own.

use std::process::{Command, ExitCode};

use crate::test_all;

/// Unlocks a new key ring, and runs what follows.
const UNLOCKED: &str = "printf key-ring | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\"";

/// Runs the test on a D-Bus and in a home of its own, so that no key ring of the user is touched.
pub(crate) fn run() -> Result<ExitCode, String> {
    test_all::key_ring()?;
    let home = std::env::current_dir().map_err(|error| error.to_string())?.join("target/key-ring");
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    let test = ["test", "--package", "logto-native", "--features", "keyring", "--test", "key_ring"];
    let status = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", UNLOCKED, "sh", env!("CARGO")])
        .args(test)
        .env("XDG_DATA_HOME", &home)
        .env("XDG_CONFIG_HOME", &home)
        .status()
        .map_err(|error| format!("dbus-run-session could not be started: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
