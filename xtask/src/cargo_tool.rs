//! Programs from the registry, in a version of our choice and into a folder of this clone.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Nothing outside of the clone changes.
const TOOLS: &str = "target/tools";

/// The program, installed if it is not there, or a sentence about why it is not.
pub(crate) fn installed(name: &str, version: &str) -> Result<PathBuf, String> {
    let program = Path::new(TOOLS).join("bin").join(name);
    let right = || {
        Command::new(&program)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.stdout.ends_with(format!(" {version}\n").as_bytes()))
    };
    if right() || (install(name, version) && right()) {
        return Ok(program);
    }
    Err(format!("{name} {version} is missing and could not be installed into {TOOLS}"))
}

/// Without optimisation this takes little more than a minute; the program runs
/// for a second or two either way.
fn install(name: &str, version: &str) -> bool {
    println!("Installing {name} {version} into {TOOLS} …");
    let build = Path::new(TOOLS).join("build");
    let installed = Command::new(env!("CARGO"))
        .args(["install", "--quiet", "--locked", name, "--version", version])
        .args(["--force", "--root", TOOLS])
        .env("CARGO_TARGET_DIR", &build)
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .status()
        .is_ok_and(|status| status.success());
    // Half a gigabyte that is not needed again; if it stays, it only takes space.
    let _ = std::fs::remove_dir_all(build);
    installed
}
