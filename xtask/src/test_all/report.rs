//! What came of the steps, and the table at the end.

use std::ops::AddAssign;
use std::time::Duration;

/// How many tests there were.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// What came of one step.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Tests ran.
    Tests(Counts),
    /// A check passed or not; it counts as one test.
    Check(bool),
    /// The user did not want it.
    LeftOut,
    /// What it looks at is out of reach, and it is no fault of this code.
    NotChecked(String),
    /// Something that it needs is missing. A failure.
    Impossible(String),
}

impl Outcome {
    fn counts(&self) -> Counts {
        let (passed, failed) = match self {
            Self::Tests(counts) => return *counts,
            Self::Check(true) => (1, 0),
            Self::Check(false) | Self::Impossible(_) => (0, 1),
            Self::LeftOut | Self::NotChecked(_) => (0, 0),
        };
        Counts { passed, failed, ignored: 0 }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::LeftOut => "left out",
            Self::NotChecked(_) => "not checked",
            _ if self.counts().failed > 0 => "FAILED",
            _ => "ok",
        }
    }

    fn remark(&self) -> String {
        match self {
            Self::NotChecked(sentence) | Self::Impossible(sentence) => sentence.clone(),
            Self::Tests(counts) if counts.ignored > 0 => format!("{} ignored", counts.ignored),
            _ => String::new(),
        }
    }
}

struct Row {
    name: String,
    outcome: Outcome,
    time: Duration,
}

#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    pub(crate) fn add(&mut self, name: &str, outcome: Outcome, time: Duration) {
        self.0.push(Row { name: name.to_owned(), outcome, time });
    }

    pub(crate) fn failed(&self) -> u32 {
        self.total().failed
    }

    pub(crate) fn print(&self) {
        print!("{}", self.text());
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for row in &self.0 {
            total += row.outcome.counts();
        }
        total
    }

    fn text(&self) -> String {
        let mut text = format!(
            "\n{:<24}{:<13}{:>7}{:>8}{:>9}\n",
            "step", "result", "passed", "failed", "time"
        );
        let mut all = Duration::ZERO;
        for Row { name, outcome, time } in &self.0 {
            let counts = outcome.counts();
            let row = format!(
                "{name:<24}{:<13}{:>7}{:>8}{:>9}   {}",
                outcome.word(),
                counts.passed,
                counts.failed,
                minutes(*time),
                outcome.remark()
            );
            text.push_str(row.trim_end());
            text.push('\n');
            all += *time;
        }
        let total = self.total();
        text.push_str(&format!("{:<46}{:>9}\n\n", "all", minutes(all)));
        text.push_str(&format!("{} passed, {} failed\n", total.passed, total.failed));
        text
    }
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(outcomes: Vec<Outcome>) -> String {
        let mut report = Report::default();
        for outcome in outcomes {
            report.add("step", outcome, Duration::from_secs(61));
        }
        report.text()
    }

    #[test]
    fn the_last_line_counts_everything() {
        let counts = Counts { passed: 7, failed: 0, ignored: 1 };
        let all = text(vec![Outcome::Tests(counts), Outcome::Check(true), Outcome::LeftOut]);
        assert_eq!(all.lines().last(), Some("8 passed, 0 failed"));
        assert!(all.contains("1:01") && all.contains("1 ignored") && all.contains("left out"));
    }

    #[test]
    fn what_is_missing_is_a_failure_with_its_sentence() {
        let all = text(vec![
            Outcome::Impossible("Install it.".to_owned()),
            Outcome::NotChecked("Out of reach.".to_owned()),
        ]);
        assert!(all.contains("FAILED") && all.contains("Install it."), "{all}");
        assert!(all.contains("not checked") && all.contains("Out of reach."), "{all}");
        assert_eq!(all.lines().last(), Some("0 passed, 1 failed"));
    }
}
