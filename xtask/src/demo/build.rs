//! Builds an example app and the program that runs it, in one go of cargo.

use std::io::{BufRead, BufReader, IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) struct Programs {
    pub(crate) demo: PathBuf,
    pub(crate) app: PathBuf,
}

/// Shows one line that counts, instead of one line for each crate.
pub(crate) fn build(package: &str) -> Result<Programs, String> {
    let failed = |error| format!("cargo could not be started: {error}");
    let mut cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        // All packages, so that the dependencies are those that the tests have
        // built, and the other way round.
        .arg("--workspace")
        .args(["--bin", package, "--example", "demo"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;

    let mut progress = Progress::new(package);
    let (mut demo, mut app) = (None, None);
    if let Some(stdout) = cargo.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            progress.see(&line);
            if let Some(program) = executable(&line) {
                match program.file_stem().and_then(|stem| stem.to_str()) {
                    Some("demo") => demo = Some(program),
                    Some(name) if name == package => app = Some(program),
                    _ => {}
                }
            }
        }
    }
    progress.end();
    let status = cargo.wait().map_err(failed)?;
    match (demo, app) {
        (Some(demo), Some(app)) if status.success() => Ok(Programs { demo, app }),
        _ => Err(format!("{package} could not be built: {status}")),
    }
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
