//! The one error type of the crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What went wrong while signing in or getting a token. It never has a token or a code in what it
/// prints.
///
/// # Example
///
/// ```
/// use logto_native::Error;
///
/// /// What the program says before it exits.
/// fn advice(error: &Error) -> String {
///     match error.code() {
///         _ if error.needs_sign_in() => "run `my-program login`".to_owned(),
///         _ if error.is_retryable() => "try again in a moment".to_owned(),
///         Some("invalid_target") => "the tenant does not know this API".to_owned(),
///         _ => error.to_string(),
///     }
/// }
/// ```
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    code: Option<String>,
    is_answer_lost: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
///
/// # Example
///
/// ```
/// use logto_native::{Error, ErrorKind};
///
/// /// The exit code of the program.
/// fn exit_code(error: &Error) -> u8 {
///     match error.kind() {
///         ErrorKind::SignInRequired | ErrorKind::Cancelled => 77,
///         ErrorKind::Unreachable | ErrorKind::Locked => 75,
///         _ => 70,
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Logto could not be reached in time, or cannot serve now. The same call may work later.
    Unreachable,
    /// Logto refused the request; [`Error::code`] has its code.
    Refused,
    /// Logto answered with something that is not what the protocol says.
    InvalidResponse,
    /// The user refused the sign-in.
    Cancelled,
    /// The user did not sign in before the code or the page expired.
    Expired,
    /// There are no credentials, or Logto no longer accepts them: the user has to sign in.
    SignInRequired,
    /// The configuration, or what the caller asked for, cannot be sent.
    InvalidRequest,
    /// Credentials could not be read or written.
    Store,
    /// Another process has kept the credentials locked for a minute. The same call may work later.
    Locked,
    /// The system gave no free port or no random bytes.
    Internal,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let (code, is_answer_lost, source) = (None, false, None);
        Self { kind, message: message.into(), code, is_answer_lost, source }
    }

    pub(crate) fn with_source(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind, message) }
    }

    pub(crate) fn refused(message: impl Into<Cow<'static, str>>, code: String) -> Self {
        Self { code: Some(code), ..Self::new(ErrorKind::Refused, message) }
    }

    /// The same error of a request that Logto may have carried out, if `is_lost`.
    pub(crate) fn with_lost_answer(self, is_lost: bool) -> Self {
        Self { is_answer_lost: is_lost, ..self }
    }

    /// Whether Logto may have done what it was asked to although its answer was lost.
    pub(crate) fn is_answer_lost(&self) -> bool {
        self.is_answer_lost
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The error code of Logto, such as `invalid_target`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether the user has to sign in.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.kind == ErrorKind::SignInRequired
    }

    /// Whether the same call may work later without anyone's doing.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unreachable | ErrorKind::Locked)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("code", &self.code)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        let is_retryable = |kind| Error::new(kind, "").is_retryable();
        assert!(is_retryable(ErrorKind::Unreachable) && is_retryable(ErrorKind::Locked));
        assert!(!is_retryable(ErrorKind::Store) && !is_retryable(ErrorKind::Refused));
    }
}
