//! One finding of the doctor.

use serde::Serialize;

/// Something that is wrong or unwise.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) what: String,
    pub(crate) why: String,
    /// The command or the console page that fixes it.
    pub(crate) fix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// It does not work, or is not safe.
    Problem,
    /// It works, but may surprise users.
    Advice,
}

impl Finding {
    pub(crate) fn problem(
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Problem, what: what.into(), why: why.into(), fix: fix.into() }
    }

    pub(crate) fn advice(
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Advice, ..Self::problem(what, why, fix) }
    }
}

/// How one check ended.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    pub(crate) check: &'static str,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// In order: what was seen.
    Passed(String),
    Findings(Vec<Finding>),
    /// Could not be looked at, and why.
    Skipped(String),
}

impl Outcome {
    /// Passed, unless something was found.
    pub(crate) fn from_findings(findings: Vec<Finding>, seen: impl Into<String>) -> Self {
        if findings.is_empty() { Self::Passed(seen.into()) } else { Self::Findings(findings) }
    }
}

impl From<Finding> for Outcome {
    fn from(finding: Finding) -> Self {
        Self::Findings(vec![finding])
    }
}

/// Everything that was looked at, in order.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) Vec<Checked>);

impl Results {
    pub(crate) fn add(&mut self, check: &'static str, outcome: impl Into<Outcome>) {
        let outcome = outcome.into();
        self.0.push(Checked { check, outcome });
    }

    pub(crate) fn skipped(&self) -> usize {
        let skipped = |checked: &&Checked| matches!(checked.outcome, Outcome::Skipped(_));
        self.0.iter().filter(skipped).count()
    }

    pub(crate) fn problems(&self) -> usize {
        let findings = self.0.iter().filter_map(|checked| match &checked.outcome {
            Outcome::Findings(findings) => Some(findings),
            _ => None,
        });
        let problem = |finding: &&Finding| finding.severity == Severity::Problem;
        findings.flatten().filter(problem).count()
    }
}
