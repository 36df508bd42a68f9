//! Prints the findings, as text or as JSON.

use serde_json::json;

use super::finding::{Checked, Finding, Outcome, Results, Severity};
use crate::terminal::{Terminal, Tone, printable};

/// The width of the column of names.
const COLUMN: usize = 20;

pub(crate) fn as_json(results: &Results, terminal: &Terminal) {
    let healthy = results.problems() == 0;
    terminal.json(&json!({ "healthy": healthy, "checks": results.0 }));
}

pub(crate) fn as_text(results: &Results, terminal: &Terminal) {
    for checked in &results.0 {
        one_check(checked, terminal);
    }
    let not_checked = match results.skipped() {
        0 => String::new(),
        1 => " One check could not be made.".to_owned(),
        many => format!(" {many} checks could not be made."),
    };
    let (tone, found) = match results.problems() {
        0 => (Tone::Good, "No problems found.".to_owned()),
        1 => (Tone::Bad, "1 problem found.".to_owned()),
        many => (Tone::Bad, format!("{many} problems found.")),
    };
    terminal.line(format_args!("\n{}{not_checked}", terminal.paint(tone, found)));
}

fn one_check(checked: &Checked, terminal: &Terminal) {
    let line = |tone, mark: &str, text: &str| {
        let name = format!("{:COLUMN$}", checked.check);
        terminal.line(format_args!("{} {name} {text}", terminal.paint(tone, mark)));
    };
    match &checked.outcome {
        Outcome::Passed(seen) => line(Tone::Good, "✓", &printable(seen)),
        Outcome::Skipped(why) => {
            line(Tone::Quiet, "–", &format!("not checked: {}", printable(why)));
        }
        Outcome::Findings(findings) => {
            for finding in findings {
                let (tone, mark) = match finding.severity {
                    Severity::Problem => (Tone::Bad, "✗"),
                    Severity::Advice => (Tone::Careful, "!"),
                };
                line(tone, mark, &terminal.paint(Tone::Strong, printable(&finding.what)));
                details(finding, terminal);
            }
        }
    }
}

fn details(finding: &Finding, terminal: &Terminal) {
    for (name, text) in [("why", &finding.why), ("fix", &finding.fix)] {
        let name = terminal.paint(Tone::Quiet, format_args!("{name:>5}"));
        terminal.line(format_args!("  {name}  {}", printable(text)));
    }
}
