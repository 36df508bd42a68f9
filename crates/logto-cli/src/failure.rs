//! Why a command gave up, told to a person.

use std::fmt;

use logto_management::provision::advice;
use logto_management::{Error, ErrorKind};

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            remedy: None,
        }
    }

    pub(crate) fn with_remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = Some(remedy.to_string());
        self
    }

    pub(crate) fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(&error);
        match (advice(&error), error.kind()) {
            (Some(advice), _) => failure.with_remedy(advice),
            (None, ErrorKind::NoAccess) => failure.with_remedy(
                "Check LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET, and that the application has the role \
                 “Logto Management API access”.",
            ),
            (None, ErrorKind::Unreachable) => {
                failure.with_remedy("Check LOGTO_ENDPOINT, or try again in a moment.")
            }
            _ => failure,
        }
    }
}
