//! The stream of events of a page, which tells it that the session has ended.

use std::io;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tokio::time::interval;

use crate::logto::web::SessionEnded;
use crate::shutdown;

/// How often a comment is sent. It finds clients that went away, and keeps nginx from ending a
/// stream that is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The text of the stream: `text/event-stream`.
pub(crate) fn events_until(
    ended: SessionEnded,
) -> impl Stream<Item = io::Result<&'static str>> + Send + use<> {
    let mut heartbeat = interval(HEARTBEAT);
    let comments = stream::poll_fn(move |cx| heartbeat.poll_tick(cx).map(|_| Some(":\n\n")));
    let last = stream::once(async { "event: signed-out\ndata: signed out\n\n" });
    // A server that stops waits for open streams.
    let events = comments.take_until(ended).chain(last);
    events.take_until(shutdown::requested()).map(Ok)
}
