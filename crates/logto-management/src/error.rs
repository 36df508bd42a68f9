//! The one error type of the client.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What went wrong while talking to the Management API.
///
/// Decide by [`kind`](Error::kind), or by Logto's own [`code`](Error::code) where one situation
/// needs an answer of its own. No error holds a token or a secret in what it prints.
///
/// # Example
///
/// ```
/// fn advise(error: &logto_management::Error) -> &'static str {
///     match error.code() {
///         Some("entity.not_exists_with_id") => "it was deleted",
///         Some("user.username_already_in_use") => "choose another name",
///         _ if error.is_retryable() => "try again in a moment",
///         _ => "look at the log",
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    answer: Option<Answer>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// An error answer, cleaned of what we sent in confidence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) details: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

/// The kinds of [`Error`].
///
/// # Example
///
/// ```
/// use logto_management::{Error, ErrorKind};
///
/// fn status_of_job(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Unreachable => "Logto is down: the next run goes on",
///         ErrorKind::NoAccess => "the secret is wrong, or the app lacks the role",
///         ErrorKind::Refused => "Logto does not want this",
///         _ => "a bug",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Logto could not be reached in time, or answered that it cannot serve (408, 429 or 5xx). What
    /// is not idempotent may have been done all the same.
    Unreachable,
    /// Logto refused the credentials of the machine-to-machine application, or that application may
    /// not use the Management API.
    NoAccess,
    /// Logto understood the request and refused it; see [`Error::code`].
    Refused,
    /// Logto answered with something that is not what its API promises.
    InvalidResponse,
    /// The caller asked for something that cannot be sent; nothing was.
    InvalidRequest,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::build(kind, message.into(), None, None)
    }

    pub(crate) fn with_source(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::build(kind, message.into(), None, Some(source.into()))
    }

    pub(crate) fn answered(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        answer: Answer,
    ) -> Self {
        Self::build(kind, message.into(), Some(answer), None)
    }

    fn build(
        kind: ErrorKind,
        message: Cow<'static, str>,
        answer: Option<Answer>,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { kind, message, answer, source }))
    }

    /// The kind of error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Logto's own code, for example `entity.not_exists_with_id`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.answer()?.code.as_deref()
    }

    /// The HTTP status, if Logto answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.answer()?.status)
    }

    /// Logto's sentence about it, on one line and shortened.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.answer()?.message.as_deref()
    }

    /// Which members of the request Logto did not like, if it says so.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::Error;
    ///
    /// /// What goes into the log: Logto's operator finds the request by its id.
    /// fn line(error: &Error) -> String {
    ///     let told = error.details().or(error.message()).unwrap_or("no words");
    ///     format!("{:?} {:?}: {told}, request {:?}", error.status(), error.code(), error.request_id())
    /// }
    /// ```
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.answer()?.details.as_deref()
    }

    /// The `logto-core-request-id` of the answer, which Logto's log knows too.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.answer()?.request_id.as_deref()
    }

    /// How long Logto asked to wait, from `Retry-After`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto_management::Error;
    ///
    /// fn pause(error: &Error) -> Option<Duration> {
    ///     error.is_retryable().then(|| error.retry_after().unwrap_or(Duration::from_secs(60)))
    /// }
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer()?.retry_after
    }

    /// Whether the same call may succeed later without anyone doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind == ErrorKind::Unreachable
    }

    /// Whether Logto says that what was named does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// It may be gone already.
    /// async fn delete_user(management: &Management, id: &str) -> Result<(), Error> {
    ///     match management.users().delete(id).await {
    ///         Err(error) if error.is_not_found() => Ok(()),
    ///         outcome => outcome,
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// # // There is none of this id.
    /// # delete_user(&management, "gone").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    fn answer(&self) -> Option<&Answer> {
        self.0.answer.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let Some(answer) = self.answer() else {
            return Ok(());
        };
        write!(f, ": {}", answer.code.as_deref().unwrap_or("no error code"))?;
        if let Some(message) = answer.details.as_ref().or(answer.message.as_ref()) {
            write!(f, " ({message})")?;
        }
        write!(f, ", status {}", answer.status)?;
        match &answer.request_id {
            Some(id) => write!(f, ", request id {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("answer", &self.0.answer)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
