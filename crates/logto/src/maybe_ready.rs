//! A future that is mostly ready at once.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A named future that is usually ready at once, for frameworks that have to store it.
///
/// # Example
///
/// ```
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
///
/// use logto::Error;
/// use logto::resource_server::AccessTokenClaims;
/// use logto::web::MaybeReady;
///
/// /// The future of a service, where the framework wants its name.
/// struct Authorizing(MaybeReady<Result<AccessTokenClaims, Error>>);
///
/// impl Future for Authorizing {
///     type Output = u16;
///
///     fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u16> {
///         Pin::new(&mut self.0).poll(cx).map(|claims| if claims.is_ok() { 200 } else { 401 })
///     }
/// }
/// ```
#[must_use = "nothing is answered until it is awaited"]
pub struct MaybeReady<T>(State<T>);

enum State<T> {
    /// `None` once it was given.
    Known(Option<T>),
    Waiting(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> MaybeReady<T> {
    pub(crate) fn known(answer: T) -> Self {
        Self(State::Known(Some(answer)))
    }

    #[cold]
    pub(crate) fn waiting(answer: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Waiting(Box::pin(answer)))
    }
}

/// What is known is moved, never pinned.
impl<T> Unpin for MaybeReady<T> {}

impl<T> Future for MaybeReady<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let answer = match &mut self.0 {
            State::Known(answer) => answer.take(),
            State::Waiting(answer) => Some(ready!(answer.as_mut().poll(context))),
        };
        // A future that has answered is not polled again.
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> fmt::Debug for MaybeReady<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaybeReady").finish_non_exhaustive()
    }
}
