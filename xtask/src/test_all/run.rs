//! Runs cargo, shows what it prints, and counts what the tests say.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::report::{Counts, Outcome};

/// A call of cargo.
pub(crate) struct Cargo {
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Cargo {
    pub(crate) fn new<I: IntoIterator<Item: Into<String>>>(arguments: I) -> Self {
        Self { arguments: arguments.into_iter().map(Into::into).collect(), environment: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Passes if the command does.
pub(crate) fn checked(cargo: &Cargo) -> Outcome {
    succeeded(&mut cargo.command())
}

/// Passes if the command does.
pub(crate) fn succeeded(command: &mut Command) -> Outcome {
    match command.status() {
        Ok(status) => Outcome::Check(status.success()),
        Err(error) => Outcome::Impossible(format!("{command:?} could not be started: {error}")),
    }
}

/// What the command prints.
pub(crate) fn printed(cargo: &Cargo) -> Result<String, String> {
    let output = cargo.command().stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => Err(format!("cargo {} failed: {}", cargo.arguments.join(" "), output.status)),
        Err(error) => Err(format!("cargo could not be started: {error}")),
    }
}

/// Counts the tests of a `cargo test`.
pub(crate) fn tested(cargo: &Cargo) -> Outcome {
    let mut command = cargo.command();
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Impossible(format!("cargo could not be started: {error}")),
    };
    let mut counts = Counts::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            if let Some(found) = result_line(&line) {
                counts += found;
            }
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if !succeeded && counts.failed == 0 {
        // It did not compile, or a test process died before it could count.
        counts.failed = 1;
    }
    Outcome::Tests(counts)
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn result_line(line: &str) -> Option<Counts> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number_of = |what: &str| {
        numbers.split("; ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Counts {
        passed: number_of("passed")?,
        failed: number_of("failed")?,
        ignored: number_of("ignored")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_read() {
        let ok = "test result: ok. 31 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        let counts = Counts { passed: 31, failed: 0, ignored: 2 };
        assert_eq!(result_line(ok), Some(counts));
        let failed = "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.17s";
        let counts = Counts { passed: 4, failed: 1, ignored: 0 };
        assert_eq!(result_line(failed), Some(counts));
        assert_eq!(result_line("test a_test ... ok"), None);
    }

    #[test]
    fn a_run_that_ends_without_a_count_has_failed() {
        let Outcome::Tests(counts) = tested(&Cargo::new(["no-such-command"])) else {
            panic!("cargo is there");
        };
        assert_eq!((counts.passed, counts.failed), (0, 1));
    }
}
