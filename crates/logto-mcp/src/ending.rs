//! A response that ends when the access token does.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use tokio::time::{Sleep, sleep};

/// The body until `rest` has ended. Dropping it tells rmcp that the client is gone, so whatever
/// feeds the stream stops too.
pub(crate) fn ending(
    body: BoxBody<Bytes, Infallible>,
    rest: Duration,
) -> BoxBody<Bytes, Infallible> {
    Ending { body: Some(body), end: Box::pin(sleep(rest)) }.boxed()
}

struct Ending {
    body: Option<BoxBody<Bytes, Infallible>>,
    end: Pin<Box<Sleep>>,
}

impl Body for Ending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.end.as_mut().poll(context).is_ready() {
            self.body = None;
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
