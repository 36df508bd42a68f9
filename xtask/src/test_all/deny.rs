//! cargo-deny: licences, bans, sources and advisories, as deny.toml has them.

use std::path::PathBuf;
use std::process::Command;

use super::report::Outcome;
use super::run::succeeded;
use crate::cargo_tool::Tool;

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", options: &[] };

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
    CARGO_DENY.installed().map_err(|why| format!("{why}; leave it out with `--without deny`."))
}
