//! `ErrorResponse`: what Logto answered in place of what was asked for.

use std::fmt;
use std::time::Duration;

/// An error answer of Logto: status, the OAuth error of RFC 6749 section 5.2 and Logto's own
/// request id, which its log knows too.
///
/// # Example
///
/// ```
/// fn log(error: &logto::Error) {
///     if let Some(response) = error.response() {
///         println!("Logto said {:?}, status {:?}", response.error(), response.status());
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// An error that came in the query of a callback, where there is no status (RFC 6749, section
    /// 4.1.2.1).
    pub(crate) fn in_callback(error: impl Into<String>, description: Option<String>) -> Self {
        Self {
            status: None,
            error: Some(error.into()),
            description,
            request_id: None,
            retry_after: None,
        }
    }

    /// The HTTP status; `None` when the error came in the callback's query (RFC 6749, section
    /// 4.1.2.1).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Error;
    ///
    /// /// Whether Logto said that there were too many requests.
    /// fn is_limited(error: &Error) -> bool {
    ///     error.response().and_then(|response| response.status()) == Some(429)
    /// }
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The OAuth error code, for example `invalid_grant`.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Logto's sentence about it, shortened to printable text.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Error;
    ///
    /// /// Logto's own sentence, for the page of an administrator.
    /// fn detail(error: &Error) -> String {
    ///     let said = error.response().and_then(|response| response.error_description());
    ///     said.map_or_else(|| error.to_string(), str::to_owned)
    /// }
    /// ```
    #[must_use]
    pub fn error_description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The `logto-core-request-id` header of the answer.
    ///
    /// # Example
    ///
    /// ```
    /// /// By the request's id Logto's operator finds it in the audit log.
    /// fn report(error: &logto::Error) -> String {
    ///     match error.response() {
    ///         Some(said) => format!("{:?}, request {:?}", said.error_description(), said.request_id()),
    ///         None => error.to_string(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long Logto asked to wait, from `Retry-After`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// fn pause(error: &logto::Error) -> Option<Duration> {
    ///     let asked = error.response().and_then(|response| response.retry_after());
    ///     error.is_retryable().then(|| asked.unwrap_or(Duration::from_secs(1)))
    /// }
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error.as_deref().unwrap_or("no error code"))?;
        if let Some(description) = &self.description {
            write!(f, " ({description})")?;
        }
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request id {id}")?;
        }
        Ok(())
    }
}
