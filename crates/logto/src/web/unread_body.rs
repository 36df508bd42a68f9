//! What is unread of a request's body when the request is refused.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use tokio::time::timeout;

use super::{Context, MaybeReady};

/// How many bytes are read and discarded.
const MOST: usize = 100 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(30);
/// How long the next piece is awaited. A client that sends nothing sees the response all the same.
const PAUSE: Duration = Duration::from_secs(2);

type Slot<B> = Arc<Mutex<Option<B>>>;

/// The body of a request as the handler gets it, which reads like the original. What the handler
/// leaves unread goes to the [`UnreadBody`].
///
/// # Example
///
/// ```
/// use http_body::Body;
/// use logto::web::{Context, KeptBody};
///
/// # async fn handler<B: Body>(_: KeptBody<B>) -> u16 { 413 }
/// /// What the middleware of an adapter does with the body of a request of HTTP/1.
/// async fn serve<B>(context: &Context, body: B) -> u16
/// where
///     B: Body + Send + Unpin + 'static,
/// {
///     let (body, unread) = KeptBody::split(body);
///     let status = handler(body).await;
///     // A client that still sends would not see the response otherwise.
///     context.discard_unread(&unread).await;
///     status
/// }
/// ```
pub struct KeptBody<B: Body> {
    /// `None` once it has ended or failed.
    body: Option<B>,
    unread: Slot<B>,
}

/// What the handler left unread of a [`KeptBody`], which has an example.
pub struct UnreadBody<B>(Slot<B>);

impl<B: Body + Unpin> KeptBody<B> {
    /// Splits a body into one for the handler and one for what it leaves unread.
    ///
    /// This is for requests of HTTP/1 without an `Expect` header. A client that expects
    /// `100-continue` has not sent its body yet, and in HTTP/2 a request ends without its
    /// connection.
    #[must_use]
    pub fn split(body: B) -> (Self, UnreadBody<B>) {
        let unread = Slot::default();
        (Self { body: Some(body), unread: Arc::clone(&unread) }, UnreadBody(unread))
    }
}

impl<B: Body + Unpin> UnreadBody<B> {
    /// Reads and discards it, within the bounds of [`Context::discard_unread`]: for the SDK's own
    /// routes, which read little of a body. Drop the [`KeptBody`] first: until then there is nothing
    /// to discard.
    ///
    /// # Example
    ///
    /// ```
    /// use http_body::Body;
    /// use logto::Logto;
    /// use logto::web::{KeptBody, Reply, Request, Route};
    ///
    /// # async fn to_bytes<B>(_: KeptBody<B>, _: usize) -> Result<Vec<u8>, &'static str>
    /// # where B: Body { Err("too long") }
    /// /// One of the SDK's own routes.
    /// async fn answer<B>(logto: &Logto, route: Route, request: Request, body: B) -> Reply
    /// where
    ///     B: Body + Unpin,
    /// {
    ///     let (body, unread) = KeptBody::split(body);
    ///     let body = logto.read_body(route, &request, |limit| to_bytes(body, limit)).await;
    ///     let reply = logto.handle(route, request.with_body(body)).await;
    ///     // The kept body is dropped, and what it did not give is here.
    ///     unread.discard().await;
    ///     reply
    /// }
    /// ```
    pub async fn discard(self) {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = body {
            within_bounds(body).await;
        }
    }
}

impl Context {
    /// Reads and discards what is unread of the body, if the SDK refused the request. The adapter's
    /// middleware waits for it after the handler, before it returns the response.
    ///
    /// Servers close a connection with an unread body. Browsers and proxies send the whole body
    /// before they read the response, and would see a broken connection, or 502, in its place.
    /// At most 100 MiB are read, for at most 30 seconds, and until nothing comes for two.
    ///
    /// # Example
    ///
    /// ```
    /// use http_body::Body;
    /// use logto::web::{Context, KeptBody};
    ///
    /// async fn call<B>(context: &Context, body: B, handler: impl AsyncFnOnce(KeptBody<B>))
    /// where
    ///     B: Body + Send + Unpin + 'static,
    /// {
    ///     let (body, unread) = KeptBody::split(body);
    ///     handler(body).await;
    ///     context.discard_unread(&unread).await;
    /// }
    /// ```
    pub fn discard_unread<B>(&self, unread: &UnreadBody<B>) -> MaybeReady<()>
    where
        B: Body + Send + Unpin + 'static,
    {
        let body = match self.is_refused() {
            true => unread.0.lock().unwrap_or_else(PoisonError::into_inner).take(),
            false => None,
        };
        match body {
            Some(body) => MaybeReady::waiting(within_bounds(body)),
            None => MaybeReady::known(()),
        }
    }
}

async fn within_bounds<B: Body + Unpin>(mut body: B) {
    discard_body(|cx| poll_length(&mut body, cx)).await;
}

/// Reads and discards what is unread of a body, within the bounds of [`Context::discard_unread`]:
/// for adapters whose framework has bodies of its own. `poll_next` gives the length of the next
/// piece, and `None` at the end.
///
/// # Example
///
/// ```
/// use std::task::Poll;
///
/// # async fn run() {
/// let mut pieces = [4096, 100].into_iter();
/// logto::web::discard_body(|_| Poll::Ready(pieces.next())).await;
/// # }
/// ```
pub async fn discard_body(
    mut poll_next: impl FnMut(&mut task::Context<'_>) -> Poll<Option<usize>>,
) {
    let discarded = async {
        let mut left = MOST;
        while let Ok(Some(length)) = timeout(PAUSE, poll_fn(&mut poll_next)).await {
            let Some(rest) = left.checked_sub(length) else {
                return;
            };
            left = rest;
        }
    };
    // Whether or not all of it comes, the request is answered.
    let _ = timeout(LONGEST, discarded).await;
}

/// The length of the next piece.
fn poll_length<B: Body + Unpin>(body: &mut B, cx: &mut task::Context<'_>) -> Poll<Option<usize>> {
    Pin::new(body).poll_frame(cx).map(|frame| {
        let frame = frame?.ok()?;
        Some(frame.data_ref().map_or(0, Buf::remaining))
    })
}

impl<B: Body + Unpin> Body for KeptBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body> Drop for KeptBody<B> {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

impl<B: Body> fmt::Debug for KeptBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptBody").finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for UnreadBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadBody").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;

    use super::*;
    use crate::web::Request;
    use crate::{Logto, LogtoConfig};

    /// So many pieces of a MiB, and whether more is awaited then.
    struct Pieces {
        left: usize,
        stalls: bool,
        read: Arc<AtomicUsize>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut task::Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            static MEBIBYTE: [u8; 1024 * 1024] = [0; 1024 * 1024];
            match self.left.checked_sub(1) {
                None if self.stalls => Poll::Pending,
                None => Poll::Ready(None),
                Some(left) => {
                    self.left = left;
                    self.read.fetch_add(1, Ordering::Relaxed);
                    Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&MEBIBYTE)))))
                }
            }
        }
    }

    fn context() -> Context {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url("https://app.example.com")
            .with_cookie_secret("0123456789abcdef0123456789abcdef");
        let headers = [("accept", "text/html"), ("origin", "https://evil.example")];
        Logto::new(config).unwrap().context(Request::new("POST", "/", headers))
    }

    /// How many pieces were read, `first` of them by the handler.
    async fn read(context: &Context, left: usize, stalls: bool, first: usize) -> usize {
        let read = Arc::default();
        let (mut kept, unread) = KeptBody::split(Pieces { left, stalls, read: Arc::clone(&read) });
        for _ in 0..first {
            let _ = poll_fn(|cx| Pin::new(&mut kept).poll_frame(cx)).await;
        }
        drop(kept);
        context.discard_unread(&unread).await;
        read.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_of_a_refused_request_is_read_within_bounds() {
        let context = context();
        assert_eq!(read(&context, 5, false, 2).await, 2, "a request that is not refused");
        context.note_refusal();
        assert_eq!(read(&context, 5, false, 0).await, 5);
        assert_eq!(read(&context, 5, false, 2).await, 5);
        assert_eq!(read(&context, 5, false, 6).await, 5);
        assert_eq!(read(&context, 1000, false, 0).await, 101, "no more than 100 MiB");
        assert_eq!(read(&context, 5, true, 0).await, 5, "no longer than 30 seconds");
    }

    #[test]
    fn every_refusal_is_noted() {
        let refused = [
            |context: &Context| drop(context.require_own_page().unwrap_err()),
            |context: &Context| drop(context.refuse()),
            |context: &Context| context.note_refusal(),
        ];
        for refuse in refused {
            let context = context();
            assert!(!context.is_refused());
            refuse(&context);
            assert!(context.is_refused());
        }
    }
}
