//! The outcome of looking at a request's token.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::AccessTokenClaims;
use crate::error::Error;

type Outcome = Result<AccessTokenClaims, Error>;

/// What [`Api::authorize`](super::Api::authorize) answers: at once for a token that was seen before,
/// and else when its signature was checked.
#[must_use = "nobody is let in or refused until it is awaited"]
pub struct Authorization(State);

enum State {
    Known(Option<Outcome>),
    Verifying(Pin<Box<dyn Future<Output = Outcome> + Send>>),
}

impl Authorization {
    pub(super) fn known(outcome: Outcome) -> Self {
        Self(State::Known(Some(outcome)))
    }

    #[cold]
    pub(super) fn verifying(verification: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self(State::Verifying(Box::pin(verification)))
    }
}

impl Future for Authorization {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = match &mut self.0 {
            State::Known(outcome) => outcome.take(),
            State::Verifying(verification) => Some(ready!(verification.as_mut().poll(context))),
        };
        // A future that has answered is not polled again.
        outcome.map_or(Poll::Pending, Poll::Ready)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").finish_non_exhaustive()
    }
}
