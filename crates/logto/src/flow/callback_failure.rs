//! A callback that did not become a session.

use super::{Intent, Transaction};
use crate::error::{Error, ErrorKind};

/// What Logto says where a redirect with `prompt=consent` goes on, for an application of one's own
/// without a page.
pub(crate) const CONSENT_REQUIRED: &str = "consent_required";

/// The error of a callback that belongs to no sign-in of this browser, or comes once more.
pub(super) fn invalid_callback(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidCallback, why)
}

/// A callback that did not become a session.
pub(crate) struct CallbackFailure {
    pub(crate) error: Error,
    /// The page that the user wanted, if that is known.
    pub(crate) return_to: Option<String>,
    /// The sign-in that has ended with this. After an outage it is not: loading the same callback
    /// again may work.
    pub(crate) ended: Option<Transaction>,
    /// The sign-in that can begin again: another tab took its cookie.
    pub(crate) displaced: Option<Intent>,
    /// If it was to be a recent authentication: the `max_age`, in seconds.
    pub(crate) max_age: Option<u64>,
    /// If it was tried without a page, or follows one that was: the sign-in.
    pub(crate) silent: Option<Transaction>,
}

impl CallbackFailure {
    /// No sign-in of this browser is concerned.
    pub(crate) fn without_transaction(error: Error, return_to: Option<String>) -> Self {
        Self { error, return_to, ended: None, displaced: None, max_age: None, silent: None }
    }

    pub(crate) fn new(transaction: Transaction, error: Error) -> Self {
        let options = transaction.intent.options();
        let is_silent = options.is_silent || options.is_after_silent;
        Self {
            return_to: transaction.intent.return_to.clone(),
            max_age: transaction.intent.max_age(),
            silent: is_silent.then(|| transaction.clone()),
            ended: (!error.is_retryable()).then_some(transaction),
            displaced: None,
            error,
        }
    }

    pub(crate) fn displaced(intent: Intent, error: Error) -> Self {
        let (return_to, max_age) = (intent.return_to.clone(), intent.max_age());
        Self { error, return_to, ended: None, displaced: Some(intent), max_age, silent: None }
    }

    /// The sign-in, if Logto refused it because it does not know a resource that was asked for.
    pub(crate) fn for_a_resource(&self) -> Option<&Transaction> {
        let ended = self.ended.as_ref().filter(|ended| ended.intent.for_apis);
        ended.filter(|_| self.said_by_logto("invalid_target"))
    }

    /// The sign-in without a page, if it takes an ordinary one to get a refresh token, or at all.
    pub(crate) fn for_consent(&self) -> Option<&Transaction> {
        let silent = self.silent.as_ref().filter(|silent| silent.intent.options().is_silent);
        silent.filter(|_| self.said_by_logto(CONSENT_REQUIRED))
    }

    fn said_by_logto(&self, code: &str) -> bool {
        self.error.response().and_then(|response| response.error()) == Some(code)
    }
}
