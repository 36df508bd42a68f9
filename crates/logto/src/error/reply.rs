//! Errors as responses.

use std::time::Duration;

use super::Error;
use super::wording::Wording;
use crate::reply::Reply;

/// After which to try again during an outage, if Logto does not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Reply {
    /// The response for an error when nothing is known of the request.
    pub(crate) fn from_error(error: &Error) -> Self {
        let Wording { status, code, text, .. } = Wording::new(error);
        Self::json(status, code, text).with_retry_after(error)
    }

    pub(crate) fn with_retry_after(self, error: &Error) -> Self {
        if !error.is_retryable() {
            return self;
        }
        let asked_for = error.response().and_then(|response| response.retry_after());
        self.with_header("retry-after", asked_for.unwrap_or(RETRY_AFTER).as_secs().to_string())
    }
}

impl From<Error> for Reply {
    /// The response that the error carries, or one for its kind.
    fn from(error: Error) -> Self {
        match error.reply() {
            Some(reply) => reply.clone(),
            None => Self::from_error(&error),
        }
    }
}
