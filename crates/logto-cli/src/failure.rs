//! The error of a command, with a remedy.

use std::fmt;
use std::process::ExitCode;

use logto_management::provision::advice;
use logto_management::{Error, ErrorKind};

use crate::connection_advice;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: Option<String>,
    wrong_use: bool,
}

impl Failure {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), remedy: None, wrong_use: false }
    }

    /// The command was asked for something that cannot be.
    pub(crate) fn wrong_use(what: impl fmt::Display) -> Self {
        Self { wrong_use: true, ..Self::new(what) }
    }

    pub(crate) fn with_remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = Some(remedy.to_string());
        self
    }

    pub(crate) fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// As for options that do not exist, or else as for whatever does not work.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.wrong_use { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let failure = match error.kind() {
            ErrorKind::InvalidRequest => Self::wrong_use(&text),
            _ => Self::new(&text),
        };
        match (advice(&error), error.kind()) {
            (Some(advice), _) => failure.with_remedy(advice),
            (None, ErrorKind::NoAccess) => failure.with_remedy(
                "Check LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET, and that the application has the role \
                 “Logto Management API access”.",
            ),
            (None, ErrorKind::Unreachable) => {
                let usual = "Check LOGTO_ENDPOINT, or try again in a moment.";
                failure.with_remedy(connection_advice::remedy(&text).unwrap_or(usual))
            }
            (None, ErrorKind::InvalidResponse) => failure.with_remedy(
                "Is LOGTO_ENDPOINT the tenant? Console → Applications → your app → Logto endpoint, without /oidc.",
            ),
            _ => failure,
        }
    }
}
