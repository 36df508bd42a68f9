//! Builds an example app and the program that runs it, in one go of cargo.

use std::io::{BufRead, BufReader, IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::frameworks;

pub(crate) struct Programs {
    pub(crate) demo: PathBuf,
    pub(crate) app: PathBuf,
}

/// Builds an app of this workspace.
pub(crate) fn build(package: &str) -> Result<Programs, String> {
    // All packages, so that the dependencies are those that the tests have
    // built, and the other way round.
    let selection = ["--workspace", "--bin", package, "--example", "demo"];
    let [demo, app] = cargo(package, &selection, ["demo", package])?;
    Ok(Programs { demo, app })
}

/// Builds an app of the frameworks' workspace.
pub(crate) fn build_framework(package: &str) -> Result<Programs, String> {
    let [demo] = cargo("demo", &["--workspace", "--example", "demo"], ["demo"])?;
    let mut selection = vec!["--bins"];
    selection.extend(frameworks::SELECTION);
    let [app] = cargo(package, &selection, [package])?;
    Ok(Programs { demo, app })
}

/// Shows one line that counts, instead of one line for each crate. Gives the paths of `programs`.
fn cargo<const N: usize>(
    package: &str,
    selection: &[&str],
    programs: [&str; N],
) -> Result<[PathBuf; N], String> {
    let failed = |error| format!("cargo could not be started: {error}");
    let mut cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(selection)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;

    let mut progress = Progress::new(package);
    let mut built = programs.map(|_| None);
    if let Some(stdout) = cargo.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            progress.see(&line);
            let Some(path) = executable(&line) else { continue };
            let name = path.file_stem().and_then(|stem| stem.to_str());
            let at = programs.iter().position(|program| Some(*program) == name);
            if let Some(slot) = at.and_then(|at| built.get_mut(at)) {
                *slot = Some(path);
            }
        }
    }
    progress.end();
    let status = cargo.wait().map_err(failed)?;
    if !status.success() || built.iter().any(Option::is_none) {
        return Err(format!("{package} could not be built: {status}"));
    }
    Ok(built.map(Option::unwrap_or_default))
}

/// The program that a message of cargo says was built.
fn executable(message: &str) -> Option<PathBuf> {
    let path = message.split(r#""executable":""#).nth(1)?.split('"').next()?;
    Some(Path::new(path).to_owned())
}

struct Progress<'a> {
    package: &'a str,
    built: usize,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(package: &'a str) -> Self {
        Self { package, built: 0, terminal: stderr().is_terminal() }
    }

    fn see(&mut self, message: &str) {
        if !message.contains(r#""fresh":false"#) {
            return;
        }
        self.built += 1;
        if self.terminal {
            let (package, built) = (self.package, self.built);
            eprint!("\rBuilding {package}: {built} crates done, a few minutes the first time");
            // Progress that cannot be shown is no reason to stop.
            let _ = stderr().flush();
        } else if self.built == 1 {
            eprintln!("Building {}, a few minutes the first time", self.package);
        }
    }

    fn end(&self) {
        if self.terminal && self.built > 0 {
            eprintln!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_program_is_found_in_the_message_about_it() {
        let message = r#"{"reason":"compiler-artifact","executable":"/clone/target/debug/demo","fresh":true}"#;
        assert_eq!(executable(message), Some(PathBuf::from("/clone/target/debug/demo")));
        let library = r#"{"reason":"compiler-artifact","executable":null,"fresh":true}"#;
        assert_eq!(executable(library), None);
    }
}
