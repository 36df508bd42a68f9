//! A limit on concurrent requests to Logto, first come, first served.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::Dispatch;
use crate::error::{Error, ErrorKind};
use crate::metrics::Waiting;

/// Requests to Logto wait here while too many are under way. Tokio's semaphore is fair, and a wait
/// that is given up leaves nothing behind.
#[derive(Debug)]
pub(super) struct Queue {
    permits: Semaphore,
    patience: Duration,
}

impl Queue {
    pub(super) fn new(limit: usize, patience: Duration) -> Self {
        Self { permits: Semaphore::new(limit.min(Semaphore::MAX_PERMITS)), patience }
    }

    /// Waits for the permit to send a request. The next one's turn comes when it is dropped.
    pub(super) async fn turn(&self, dispatch: &Dispatch) -> Result<SemaphorePermit<'_>, Error> {
        let end = Instant::now() + self.patience;
        let end = dispatch.deadline().map_or(end, |deadline| deadline.min(end));
        let turn = async {
            if let Ok(permit) = self.permits.try_acquire() {
                return Ok(permit);
            }
            let _waiting = Waiting::new();
            self.permits.acquire().await
        };
        let Ok(Ok(permit)) = timeout_at(end, turn).await else {
            let why = "too many requests to Logto are under way; this one was not sent";
            return Err(Error::new(ErrorKind::Unreachable, why));
        };
        // The process may have stood still since.
        if dispatch.is_too_late() {
            let why = "a request to Logto was not sent: its deadline passed while it waited";
            return Err(Error::new(ErrorKind::Unreachable, why));
        }
        dispatch.mark_sent();
        Ok(permit)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::http::Validity;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_order_and_a_wait_that_is_given_up_leaves_nothing() {
        let queue = Arc::new(Queue::new(1, PATIENCE));
        let first = queue.turn(&Dispatch::default()).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = (0..4)
            .map(|number| {
                let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
                tokio::spawn(async move {
                    let _turn = queue.turn(&Dispatch::default()).await.unwrap();
                    order.lock().unwrap().push(number);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        waiting[1].abort();
        tokio::task::yield_now().await;
        drop(first);
        for (number, task) in waiting.into_iter().enumerate() {
            assert_eq!(task.await.is_err(), number == 1);
        }
        assert_eq!(*order.lock().unwrap(), [0, 2, 3]);
        assert_eq!(queue.permits.available_permits(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_and_only_what_was_sent_is_marked_so() {
        let queue = Queue::new(1, PATIENCE);
        let sent = Dispatch::default();
        let place = queue.turn(&sent).await.unwrap();
        assert!(sent.sent_at().is_some());

        let begun = Instant::now();
        let urgent = Dispatch::before(begun + Duration::from_secs(2));
        for (dispatch, seconds) in [(urgent, 2), (Dispatch::default(), 12)] {
            let error = queue.turn(&dispatch).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreachable);
            assert!(!super::super::is_answer_lost(&error), "it was never sent");
            assert_eq!(begun.elapsed().as_secs(), seconds);
            assert_eq!(dispatch.sent_at(), None);
        }

        drop(place);
        assert!(queue.turn(&Dispatch::default()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_stood_still_does_not_send_what_is_too_late() {
        let queue = Queue::new(1, PATIENCE);
        let second = Duration::from_secs(1);
        let end = Instant::now() + second;
        let validity = Validity::until(end);
        let dispatches = || [Dispatch::before(end), Dispatch::while_valid(&validity)];
        for dispatch in dispatches() {
            assert!(queue.turn(&dispatch).await.is_ok());
        }
        tokio::time::advance(2 * second).await;
        for dispatch in dispatches() {
            queue.turn(&dispatch).await.unwrap_err();
            assert_eq!(dispatch.sent_at(), None);
        }
        validity.set(Some(Instant::now() + second));
        assert!(queue.turn(&Dispatch::while_valid(&validity)).await.is_ok());
        for end in [None, Some(Instant::now() + second)] {
            validity.set(end);
            assert!(queue.turn(&Dispatch::while_valid(&validity)).await.is_err(), "it has ended");
        }
    }
}
