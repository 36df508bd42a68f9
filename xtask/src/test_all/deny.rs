//! cargo-deny: licences, bans, sources and advisories, as deny.toml has them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Outcome;
use super::run::succeeded;

const VERSION: &str = "0.20.2";
/// Nothing outside of the clone changes.
const TOOLS: &str = "target/tools";

pub(crate) fn licences_bans_and_sources() -> Outcome {
    match installed() {
        Ok(program) => succeeded(Command::new(program).args([
            "check",
            "--hide-inclusion-graph",
            // Most duplicates come with openidconnect and are not ours to
            // remove; `cargo deny check bans` lists them.
            "--allow=duplicate",
            "licenses",
            "bans",
            "sources",
        ])),
        Err(sentence) => Outcome::Impossible(sentence),
    }
}

pub(crate) fn advisories() -> Outcome {
    let program = match installed() {
        Ok(program) => program,
        Err(sentence) => return Outcome::Impossible(sentence),
    };
    match succeeded(Command::new(&program).args(["fetch", "db"])) {
        Outcome::Check(true) => {}
        _ => {
            return Outcome::NotChecked(
                "The advisory database (github.com/RustSec/advisory-db) cannot be reached from here."
                    .to_owned(),
            );
        }
    }
    succeeded(Command::new(program).args(["check", "--disable-fetch", "advisories"]))
}

fn installed() -> Result<PathBuf, String> {
    let program = Path::new(TOOLS).join("bin/cargo-deny");
    let right = || {
        Command::new(&program)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.stdout.ends_with(format!(" {VERSION}\n").as_bytes()))
    };
    if right() || (install() && right()) {
        return Ok(program);
    }
    Err(format!(
        "cargo-deny {VERSION} is missing and could not be installed into {TOOLS}; leave it out \
         with `--without deny`."
    ))
}

/// Without optimisation this takes little more than a minute; the program runs
/// for a second or two either way.
fn install() -> bool {
    println!("Installing cargo-deny {VERSION} into {TOOLS} …");
    let build = Path::new(TOOLS).join("build");
    let installed = Command::new(env!("CARGO"))
        .args(["install", "--quiet", "--locked", "cargo-deny", "--version", VERSION])
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
