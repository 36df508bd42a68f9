//! The one error type of the crate.

mod account;
mod fault_log;
mod kind;
mod reply;
mod response;
mod wording;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::reply::Reply;
use crate::tasks::Stopped;

pub use account::AccountProblem;
pub(crate) use fault_log::FaultLog;
pub use kind::ErrorKind;
pub use response::ErrorResponse;
pub(crate) use wording::Wording;

/// What went wrong while talking to Logto or keeping a session.
///
/// One opaque type with predicates instead of an enum per operation: a caller decides by asking
/// [`kind`](Error::kind), [`is_retryable`](Error::is_retryable) or
/// [`needs_sign_in`](Error::needs_sign_in). No error ever holds a token, a secret or a full URL in
/// what it prints.
///
/// # Example
///
/// ```
/// fn advise(error: &logto::Error) -> &'static str {
///     if error.needs_sign_in() {
///         "send the user to sign in"
///     } else if error.is_retryable() {
///         "try again in a moment; no one was signed out"
///     } else {
///         "look at the log"
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    response: Option<ErrorResponse>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// What to answer the request that met the error, where that is known.
    reply: Option<Reply>,
    /// Whether a log line tells of it; see [`FaultLog`].
    was_logged: AtomicBool,
}

impl Inner {
    fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            response: None,
            source: None,
            reply: None,
            was_logged: AtomicBool::new(false),
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner::new(kind, message)))
    }

    pub(crate) fn with_source(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { source: Some(source.into()), ..Inner::new(kind, message) }))
    }

    /// JSON that is not what it should be. The parser's own message is left out: it quotes values.
    pub(crate) fn malformed(kind: ErrorKind, what: &str, error: &serde_json::Error) -> Self {
        Self::new(kind, format!("{what} cannot be read: {}", logto_http::fault(error)))
    }

    pub(crate) fn from_response(kind: ErrorKind, response: ErrorResponse) -> Self {
        let message = match kind {
            ErrorKind::Unreachable => "Logto cannot serve the request now",
            _ => "Logto refused the request",
        };
        Self(Arc::new(Inner { response: Some(response), ..Inner::new(kind, message) }))
    }

    /// Logto's refusal of the app's id or secret. The message names the setting that is wrong.
    pub(crate) fn invalid_client(message: String, response: ErrorResponse) -> Self {
        let inner = Inner::new(ErrorKind::InvalidClient, message);
        Self(Arc::new(Inner { response: Some(response), ..inner }))
    }

    /// The same refusal, with what it means here.
    pub(crate) fn explained(self, message: &'static str) -> Self {
        let inner = Inner::new(self.kind(), message);
        Self(Arc::new(Inner { response: self.0.response.clone(), ..inner }))
    }

    /// The same error, which tells what it is about.
    pub(crate) fn in_context(mut self, what: impl fmt::Display) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.message = format!("{what}: {}", inner.message).into();
        }
        self
    }

    /// The same error, with the answer that the request in question gets.
    pub(crate) fn answered_by(self, reply: Reply) -> Self {
        Self(Arc::new(Inner {
            kind: self.kind(),
            message: self.0.message.clone(),
            response: self.0.response.clone(),
            reply: Some(reply),
            was_logged: AtomicBool::new(self.0.was_logged.load(Ordering::Relaxed)),
            source: Some(Box::new(self)),
        }))
    }

    pub(crate) fn reply(&self) -> Option<&Reply> {
        self.0.reply.as_ref()
    }

    /// The kind of error.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Error, ErrorKind};
    ///
    /// /// Whom to wake up about an error in the log.
    /// fn is_for_operators(error: &Error) -> bool {
    ///     matches!(error.kind(), ErrorKind::InvalidClient | ErrorKind::NotConfigured)
    /// }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anyone doing anything: Logto or the store
    /// was unreachable or overloaded. It never means that a session ended.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::User;
    ///
    /// /// For background work: an outage puts it off, anything else ends it.
    /// async fn attempt(user: &User) -> Result<bool, logto::Error> {
    ///     match user.access_token("https://api.example.com").await {
    ///         Ok(_token) => Ok(true),
    ///         Err(error) if error.is_retryable() => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unreachable | ErrorKind::StoreUnavailable)
    }

    /// Whether Logto says in a redirect that it is out of order, where it has no status to say so
    /// (RFC 6749, section 4.1.2.1).
    pub(crate) fn is_outage_in_words(&self) -> bool {
        let code = self.response().and_then(ErrorResponse::error);
        self.0.kind == ErrorKind::Refused
            && matches!(code, Some("server_error" | "temporarily_unavailable"))
    }

    /// Whether Logto refused only because it would have to show a page (OpenID Connect Core,
    /// section 3.1.2.6).
    pub(crate) fn asks_for_a_page(&self) -> bool {
        let code = self.response().and_then(ErrorResponse::error);
        let codes = [
            "account_selection_required",
            "consent_required",
            "interaction_required",
            "login_required",
        ];
        code.is_some_and(|code| codes.contains(&code))
    }

    /// Whether the user has to sign in (again) for the call to succeed.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    /// use logto::web::{Reply, User};
    ///
    /// /// A page that shows the token's scopes, or asks for a sign-in where the session has ended.
    /// async fn scopes(user: &User) -> Result<String, Reply> {
    ///     match user.access_token("https://api.example.com").await {
    ///         Ok(token) => Ok(token.scopes().collect::<Vec<_>>().join(" ")),
    ///         Err(error) if error.needs_sign_in() => {
    ///             Err(user.context().sign_in(SignInOptions::new()).await?)
    ///         }
    ///         Err(error) => Err(error.into()),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.0.kind == ErrorKind::SignInRequired
    }

    /// What Logto answered, if it answered with an error.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Error;
    ///
    /// /// Whether the tenant does not know the API.
    /// fn is_unknown_api(error: &Error) -> bool {
    ///     error.response().and_then(|response| response.error()) == Some("invalid_target")
    /// }
    /// ```
    #[must_use]
    pub fn response(&self) -> Option<&ErrorResponse> {
        self.0.response.as_ref()
    }
}

impl From<Stopped> for Error {
    fn from(_: Stopped) -> Self {
        Self::new(ErrorKind::Internal, "the runtime that the client was made on has ended")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.response {
            Some(response) => write!(f, ": {response}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("response", &self.0.response)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.0.source.as_deref() {
            // The same error before its answer was known says nothing new.
            Some(source) if self.0.reply.is_some() => source.source(),
            source => source.map(|source| source as _),
        }
    }
}

/// Text of another party, fit for a log line or a page: printable, on one line, at most 200
/// characters.
pub(crate) fn printable(text: &str) -> String {
    logto_http::printable(text, ' ', 200)
}
