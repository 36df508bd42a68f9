//! `cargo xtask test-all`: every check and every test, one after the other.
//! All of them run, whatever the earlier ones said.

mod alone;
mod deny;
mod graph;
mod report;
mod run;
mod suites;
mod tools;

use std::{process::ExitCode, time::Instant};

use report::{Outcome, Report};
use run::{Cargo, checked, tested};

/// What can be left out of a run.
#[derive(Debug, Default, PartialEq)]
struct LeftOut {
    browser: bool,
    provider: bool,
    deny: bool,
}

impl LeftOut {
    fn read(mut options: &[&str]) -> Result<Self, String> {
        let mut left_out = Self::default();
        while let [option, rest @ ..] = options {
            let (what, rest) = match (*option, rest) {
                ("--without", [what, rest @ ..]) => (*what, rest),
                _ => return Err(format!("test-all does not know the option {option}.")),
            };
            match what {
                "browser" => left_out.browser = true,
                "provider" => left_out.provider = true,
                "deny" => left_out.deny = true,
                _ => {
                    return Err(format!(
                        "{what} cannot be left out; browser, provider and deny can."
                    ));
                }
            }
            options = rest;
        }
        Ok(left_out)
    }
}

pub(crate) fn run(options: &[&str]) -> Result<ExitCode, String> {
    let left_out = LeftOut::read(options)?;
    let tests = suites::tests_of_packages()?;
    let system_tests = suites::system_tests()?;
    let mut report = Report::default();
    let mut step = |name: &str, work: &mut dyn FnMut() -> Outcome| {
        println!("\n── {name} ──");
        let started = Instant::now();
        let outcome = work();
        report.add(name, outcome, started.elapsed());
    };

    step("fmt", &mut || {
        checked(&Cargo::new(["fmt", "--all", "--check"]))
    });
    step("clippy", &mut || {
        checked(&Cargo::new([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    });
    step("docs", &mut || {
        checked(&Cargo::new(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    step("crates alone", &mut alone::alone);
    step("tests", &mut || tested(&tests));
    step("doc tests", &mut || {
        tested(&Cargo::new([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--doc",
        ]))
    });
    for suite in system_tests {
        step(suite.name, &mut || {
            if (suite.browser && left_out.browser) || (suite.provider && left_out.provider) {
                return Outcome::LeftOut;
            }
            if suite.browser
                && let Err(sentence) = tools::chromium()
            {
                return Outcome::Impossible(sentence);
            }
            if suite.provider
                && let Err(sentence) = tools::node()
            {
                return Outcome::Impossible(sentence);
            }
            tested(&suite.command())
        });
    }
    step("deny", &mut || match left_out.deny {
        true => Outcome::LeftOut,
        false => deny::licences_bans_and_sources(),
    });
    step("advisories", &mut || match left_out.deny {
        true => Outcome::LeftOut,
        false => deny::advisories(),
    });

    report.print();
    Ok(match report.failed() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_out_unless_asked_for() {
        assert_eq!(LeftOut::read(&[]), Ok(LeftOut::default()));
    }

    #[test]
    fn several_things_can_be_left_out() {
        let left_out = LeftOut::read(&["--without", "browser", "--without", "deny"]).unwrap();
        assert!(left_out.browser && left_out.deny && !left_out.provider);
    }

    #[test]
    fn unknown_options_are_refused() {
        for wrong in [&["--without", "clippy"][..], &["--without"], &["--fast"]] {
            LeftOut::read(wrong).unwrap_err();
        }
    }
}
