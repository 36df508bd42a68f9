//! `cargo xtask test-all`: every check and every test, one after the other.
//! All of them run, whatever the earlier ones said.

mod deny;
mod graph;
mod needs;
mod packed;
mod report;
mod run;
mod suites;
mod tools;

use std::process::ExitCode;
use std::time::Instant;

use crate::{book, chaos, layers, links, msrv, workflows};
use needs::Need;
use report::{Outcome, Report};
use run::{Cargo, checked, tested};
pub(crate) use tools::{chromium, key_ring};

/// What can be left out of a run.
#[derive(Debug, Default, PartialEq)]
struct LeftOut {
    needs: Vec<Need>,
    book: bool,
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
            let need = Need::ALL.into_iter().find(|need| need.name() == what);
            match (need, what) {
                (Some(need), _) => left_out.needs.push(need),
                (None, "book") => left_out.book = true,
                (None, "deny") => left_out.deny = true,
                _ => {
                    return Err(format!(
                        "{what} cannot be left out; browser, provider, databases, nginx, book and \
                         deny can."
                    ));
                }
            }
            options = rest;
        }
        Ok(left_out)
    }
}

/// What no other step builds: the features that are off by default.
const WHOLE: [&str; 2] = ["--workspace", "--all-features"];

pub(crate) fn run(options: &[&str]) -> Result<ExitCode, String> {
    let left_out = LeftOut::read(options)?;
    let external_tests = suites::external_tests()?;
    let mut report = Report::default();
    let mut step = |name: &str, work: &mut dyn FnMut() -> Outcome| {
        println!("\n── {name} ──");
        let started = Instant::now();
        let outcome = work();
        report.add(name, outcome, started.elapsed());
    };

    step("fmt", &mut || checked(&Cargo::new(["fmt", "--all", "--check"])));
    step("clippy", &mut || {
        let lint = ["clippy", "--all-targets"].into_iter().chain(WHOLE);
        checked(&Cargo::new(lint.chain(["--", "-D", "warnings"])))
    });
    step("docs", &mut || {
        checked(
            &Cargo::new(["doc", "--no-deps"].into_iter().chain(WHOLE))
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
    step("layers", &mut || layers::hold().map_or_else(Outcome::Impossible, Outcome::Check));
    step("links", &mut || links::hold().map_or_else(Outcome::Impossible, Outcome::Check));
    step("book", &mut || match left_out.book {
        true => Outcome::LeftOut,
        false => built_book(),
    });
    step("workflows", &mut || workflows::hold().map_or_else(Outcome::Impossible, Outcome::Check));
    step("lowest Rust", &mut || msrv::hold().map_or_else(Outcome::Impossible, Outcome::Check));
    step("packed crates", &mut packed::packed);
    step("tests", &mut || tested(&suites::tests()));
    for suite in external_tests {
        step(&suite.name(), &mut || {
            if suite.needs.iter().any(|need| left_out.needs.contains(need)) {
                return Outcome::LeftOut;
            }
            for need in &suite.needs {
                if let Err(sentence) = need.provide() {
                    return Outcome::Impossible(sentence);
                }
            }
            tested(&suite.command())
        });
    }
    step("chaos", &mut || match left_out.needs.contains(&Need::Databases) {
        true => Outcome::LeftOut,
        false => broken_once(),
    });
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

fn built_book() -> Outcome {
    let without = |why| Outcome::Impossible(format!("{why}; leave it out with `--without book`."));
    book::hold().map_or_else(without, Outcome::Check)
}

/// Each fault once.
fn broken_once() -> Outcome {
    if let Err(sentence) = Need::Databases.provide() {
        return Outcome::Impossible(sentence);
    }
    match chaos::run("0") {
        Ok(code) => Outcome::Check(code == ExitCode::SUCCESS),
        Err(sentence) => Outcome::Impossible(sentence),
    }
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
        assert_eq!(left_out.needs, [Need::Browser]);
        assert!(left_out.deny && !left_out.book);
        assert!(LeftOut::read(&["--without", "book"]).unwrap().book);
    }

    #[test]
    fn unknown_options_are_refused() {
        for wrong in [&["--without", "clippy"][..], &["--without"], &["--fast"]] {
            LeftOut::read(wrong).unwrap_err();
        }
    }
}
