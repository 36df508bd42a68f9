//! `cargo xtask bench --check`: instructions and allocations of a request, held to the figures of
//! `benches/costs/costs.txt`. They do not depend on the machine, only on the code and the compiler.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::bench;

const NOTED: &str = "benches/costs/costs.txt";
/// The function that is counted.
const MEASURED: &str = "logto_costs::measured";
const DUMPS: &str = "target/costs";
/// Part of a figure by which it may grow.
const TOLERANCE: f64 = 0.03;
/// A map with random seeds makes a difference that is no change of the code.
const FEW_INSTRUCTIONS: f64 = 30.0;
const FEW_ALLOCATIONS: f64 = 0.1;

const HEAD: &str = "\
# What a request costs, written by `cargo xtask bench --check --update`.
# Bare routes: all of it. Others: what they cost more than the bare route of their framework.
# case | instructions | allocations
";

/// What a case costs.
#[derive(Clone, Copy)]
struct Cost {
    instructions: f64,
    allocations: f64,
}

pub(crate) fn check(updates: bool) -> Result<ExitCode, String> {
    let measured = added(&count()?);
    if updates {
        fs::write(NOTED, write(&measured)).map_err(|error| format!("{NOTED}: {error}"))?;
        println!("{}", write(&measured));
        return Ok(ExitCode::SUCCESS);
    }
    let noted = fs::read_to_string(NOTED).map_err(|error| format!("{NOTED}: {error}"))?;
    let (table, passed, failed) = compare(&measured, &read(&noted)?);
    println!("{table}\n{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the program twice: for the allocations, and under callgrind for the instructions.
fn count() -> Result<Vec<(String, Cost)>, String> {
    let run = |what: &mut Command| {
        let output = what.output().map_err(|error| format!("{what:?}: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(format!("{what:?}:\n{}", String::from_utf8_lossy(&output.stderr))),
        }
    };
    let built = bench::cargo("build").args(["--package", "logto-costs"]).status();
    if !built.map_err(|error| format!("cargo could not be started: {error}"))?.success() {
        return Err("the program that is measured could not be built".to_owned());
    }
    let program = format!("{}/release/logto-costs", bench::TARGET);
    let printed = run(&mut Command::new(&program))?;
    // Of an earlier run.
    let _ = fs::remove_dir_all(DUMPS);
    fs::create_dir_all(DUMPS).map_err(|error| format!("{DUMPS}: {error}"))?;
    run(Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args([format!("--toggle-collect={MEASURED}"), format!("--dump-after={MEASURED}")])
        .arg(format!("--callgrind-out-file={DUMPS}/dump"))
        .arg(&program))?;

    let lines = printed.lines().filter_map(|line| line.split_once('\t'));
    let (counts, cases): (Vec<_>, Vec<_>) = lines.partition(|(name, _)| *name == "requests");
    let requests: f64 = counts.first().map_or("", |(_, count)| count).parse().map_err(no_number)?;
    let mut costs = Vec::new();
    for (at, (name, allocations)) in cases.into_iter().enumerate() {
        let instructions = total(Path::new(&format!("{DUMPS}/dump.{}", at + 1)))? / requests;
        let allocations = allocations.parse().map_err(no_number)?;
        costs.push((name.to_owned(), Cost { instructions, allocations }));
    }
    Ok(costs)
}

/// The instructions of a dump of callgrind.
fn total(dump: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(dump).map_err(|error| format!("{}: {error}", dump.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
    total.unwrap_or_default().trim().parse().map_err(no_number)
}

/// What each case costs more than the bare route of its framework.
fn added(costs: &[(String, Cost)]) -> BTreeMap<String, Cost> {
    let all: BTreeMap<&str, Cost> =
        costs.iter().map(|(name, cost)| (name.as_str(), *cost)).collect();
    let base_of = |name: &str| {
        let (framework, case) = name.split_once(": ")?;
        let browser = if case.ends_with(", browser") { ", browser" } else { "" };
        let base = format!("{framework}: bare{browser}");
        all.get(base.as_str()).copied().filter(|_| base != name)
    };
    let added = costs.iter().map(|(name, cost)| {
        let base = base_of(name).unwrap_or(Cost { instructions: 0.0, allocations: 0.0 });
        let cost = Cost {
            instructions: cost.instructions - base.instructions,
            allocations: cost.allocations - base.allocations,
        };
        (name.clone(), cost)
    });
    added.collect()
}

fn write(costs: &BTreeMap<String, Cost>) -> String {
    let mut text = HEAD.to_owned();
    for (name, Cost { instructions, allocations }) in costs {
        let _ = writeln!(text, "{name:<40} | {instructions:>7.0} | {allocations:>5.1}");
    }
    text
}

fn read(text: &str) -> Result<BTreeMap<String, Cost>, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, Cost), String> {
    let mut parts = line.split('|').map(str::trim);
    let mut next = || parts.next().ok_or_else(|| format!("{NOTED}: not a line of it: {line}"));
    let name = next()?.to_owned();
    let instructions = next()?.parse().map_err(no_number)?;
    let allocations = next()?.parse().map_err(no_number)?;
    Ok((name, Cost { instructions, allocations }))
}

/// A table, and how many cases are as they should be.
fn compare(
    measured: &BTreeMap<String, Cost>,
    noted: &BTreeMap<String, Cost>,
) -> (String, usize, usize) {
    let (mut table, mut passed, mut failed) = (String::new(), 0, 0);
    let gone = noted.keys().filter(|name| !measured.contains_key(*name));
    for name in measured.keys().chain(gone) {
        let verdict = match (measured.get(name), noted.get(name)) {
            (Some(now), Some(before)) => verdict(*now, *before),
            (Some(_), None) => Err(format!("is not in {NOTED}: run with --update")),
            _ => Err("was not measured".to_owned()),
        };
        let words = match verdict {
            Ok(words) => {
                passed += 1;
                words
            }
            Err(words) => {
                failed += 1;
                format!("FAILED: {words}")
            }
        };
        let _ = writeln!(table, "{name:<40} {words}");
    }
    (table, passed, failed)
}

fn verdict(now: Cost, before: Cost) -> Result<String, String> {
    let words = format!(
        "{:.0} instructions, {:.1} allocations; noted: {:.0}, {:.1}",
        now.instructions, now.allocations, before.instructions, before.allocations
    );
    let most = before.instructions + (before.instructions * TOLERANCE).max(FEW_INSTRUCTIONS);
    let is_more = now.instructions > most;
    match is_more || now.allocations > before.allocations + FEW_ALLOCATIONS {
        true => Err(words),
        false => Ok(words),
    }
}

fn no_number(error: impl std::fmt::Display) -> String {
    format!("what was measured is not a number: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(instructions: f64, allocations: f64) -> BTreeMap<String, Cost> {
        let bare = Cost { instructions: 10_000.0, allocations: 20.0 };
        let cookie = Cost { instructions, allocations };
        added(&[("axum: bare".to_owned(), bare), ("axum: cookie".to_owned(), cookie)])
    }

    #[test]
    fn what_is_added_may_grow_by_three_percent() {
        let noted = read(&write(&costs(12_000.0, 23.0))).unwrap();
        for (instructions, allocations, failed) in
            [(12_000.0, 23.0, 0), (12_059.0, 23.0, 0), (12_061.0, 23.0, 1), (9000.0, 24.0, 1)]
        {
            let (table, _, found) = compare(&costs(instructions, allocations), &noted);
            assert_eq!(found, failed, "{table}");
        }
    }

    #[test]
    fn a_case_that_came_or_went_has_to_be_noted() {
        let (all, none) = (costs(12_000.0, 23.0), BTreeMap::new());
        assert_eq!(compare(&all, &none).2, 2);
        assert_eq!(compare(&none, &all).2, 2);
    }
}
