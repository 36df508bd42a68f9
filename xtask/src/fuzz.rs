//! `cargo xtask fuzz <minutes>`: runs the fuzz targets one after the other.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::cargo_tool::Tool;

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", options: &[] };
const FOLDER: &str = "fuzz";
/// Instrumented, so nothing is shared with the other builds.
const TARGET: &str = "target/fuzz";
/// Without a sanitizer, which looks for what safe Rust does not do.
const BUILD: [&str; 4] = ["--sanitizer", "none", "--target-dir", TARGET];
/// The longest input, in bytes.
const LONGEST: u32 = 8192;
/// An input that takes as many seconds is a fault. The targets' own time-outs are shorter.
const SLOW: u32 = 10;

/// What came of one target.
#[derive(Debug, Default, PartialEq)]
struct Row {
    executions: u64,
    new_inputs: u64,
    crashes: u64,
}

pub(crate) fn run(minutes: &str) -> Result<ExitCode, String> {
    let minutes: u64 =
        minutes.parse().map_err(|_| format!("{minutes} is not a number of minutes"))?;
    let program = CARGO_FUZZ.installed()?;
    // One toolchain for all: with this the stable compiler takes what cargo-fuzz asks of it.
    let cargo_fuzz = || {
        let mut command = Command::new(&program);
        command.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
        command
    };
    let targets = targets()?;
    let build = cargo_fuzz().arg("build").args(BUILD).status();
    if !build.is_ok_and(|status| status.success()) {
        return Err("the fuzz targets could not be built".to_owned());
    }
    let seconds = (60 * minutes / targets.len().max(1) as u64).max(1);
    let mut rows = Vec::new();
    for target in targets {
        let row = fuzz(cargo_fuzz(), &target, seconds)?;
        rows.push((target, row));
    }
    println!("\n| target | executions | new inputs | crashes |\n|---|---:|---:|---:|");
    for (target, Row { executions, new_inputs, crashes }) in &rows {
        println!("| {target} | {executions} | {new_inputs} | {crashes} |");
    }
    let crashes: u64 = rows.iter().map(|(_, row)| row.crashes).sum();
    if crashes == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "\nInputs that crashed are in {FOLDER}/artifacts: fix the fault, and keep them as seeds."
    );
    Ok(ExitCode::FAILURE)
}

/// The names of the programs, in the order of the alphabet.
fn targets() -> Result<Vec<String>, String> {
    let folder = Path::new(FOLDER).join("fuzz_targets");
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let name = |path: &Path| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = files.flatten().filter_map(|file| name(&file.path())).collect();
    names.sort();
    Ok(names)
}

/// Runs one target until its time is over or an input crashes it.
fn fuzz(mut command: Command, target: &str, seconds: u64) -> Result<Row, String> {
    println!("\n── {target}, {seconds} s ──");
    let corpus = format!("{FOLDER}/corpus/{target}");
    fs::create_dir_all(&corpus).map_err(|error| format!("{corpus}: {error}"))?;
    let mut child = command
        .args(["run", target, &corpus, &format!("{FOLDER}/seeds/{target}")])
        .args(BUILD)
        .args(["--", "-print_final_stats=1", &format!("-dict={FOLDER}/words.dict")])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-timeout={SLOW}"))
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo-fuzz could not be started: {error}"))?;
    let mut row = Row::default();
    for line in child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines()) {
        let line = line.unwrap_or_default();
        row.read(&line);
        // Each new input has a line.
        if !line.starts_with('#') {
            println!("{line}");
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    row.crashes = u64::from(!succeeded);
    Ok(row)
}

impl Row {
    /// Reads a line of libFuzzer's statistics.
    fn read(&mut self, line: &str) {
        let number = |name: &str| line.strip_prefix(name)?.trim().parse().ok();
        if let Some(executions) = number("stat::number_of_executed_units:") {
            self.executions = executions;
        }
        if let Some(new_inputs) = number("stat::new_units_added:") {
            self.new_inputs = new_inputs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_are_read() {
        let mut row = Row::default();
        for line in [
            "Done 12 runs in 3 second(s)",
            "stat::number_of_executed_units: 123456",
            "stat::new_units_added:          78",
            "stat::slowest_unit_time_sec:    0",
        ] {
            row.read(line);
        }
        assert_eq!(row, Row { executions: 123_456, new_inputs: 78, crashes: 0 });
    }
}
