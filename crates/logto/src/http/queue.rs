//! A limit on concurrent requests to Logto, first come, first served.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

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

    /// Waits for the right to send a request, which ends when the permit is dropped.
    pub(super) async fn turn(&self, departure: &Departure) -> Result<SemaphorePermit<'_>, Error> {
        let end = Instant::now() + self.patience;
        let end = departure.latest.map_or(end, |latest| latest.min(end));
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
        if departure.is_missed() {
            let why = "a request to Logto was not sent: its deadline passed while it waited";
            return Err(Error::new(ErrorKind::Unreachable, why));
        }
        let _ = departure.left.set(Instant::now());
        Ok(permit)
    }
}

/// When a request may be sent at the latest, and when it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure {
    latest: Option<Instant>,
    right: Option<Right>,
    left: Arc<OnceLock<Instant>>,
}

/// A right to send requests that ends by itself unless it is prolonged.
#[derive(Clone, Debug)]
pub(crate) struct Right(Arc<Mutex<Option<Instant>>>);

impl Right {
    pub(crate) fn until(end: Instant) -> Self {
        Self(Arc::new(Mutex::new(Some(end))))
    }

    /// Prolongs the right, or ends it for good. One that has ended stays so.
    pub(crate) fn set(&self, end: Option<Instant>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *current = current.and(end);
    }

    pub(crate) fn is_valid(&self) -> bool {
        let end = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        end.is_some_and(|end| Instant::now() < end)
    }
}

impl Departure {
    /// Of a request that is of no use, or does harm, if it is sent later.
    pub(crate) fn before(latest: Instant) -> Self {
        Self { latest: Some(latest), ..Self::default() }
    }

    /// Of a request that does harm if it is sent without this right.
    pub(crate) fn under(right: &Right) -> Self {
        Self { right: Some(right.clone()), ..Self::default() }
    }

    pub(super) fn has_deadline(&self) -> bool {
        self.latest.is_some()
    }

    fn is_missed(&self) -> bool {
        self.latest.is_some_and(|latest| latest < Instant::now())
            || self.right.as_ref().is_some_and(|right| !right.is_valid())
    }

    /// When the request was sent; `None` while it waits, or if it never was.
    pub(crate) fn sent_at(&self) -> Option<Instant> {
        self.left.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_order_and_a_wait_that_is_given_up_leaves_nothing() {
        let queue = Arc::new(Queue::new(1, PATIENCE));
        let first = queue.turn(&Departure::default()).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = (0..4)
            .map(|number| {
                let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
                tokio::spawn(async move {
                    let _turn = queue.turn(&Departure::default()).await.unwrap();
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
    async fn a_wait_ends_and_only_what_was_sent_has_left() {
        let queue = Queue::new(1, PATIENCE);
        let sent = Departure::default();
        let place = queue.turn(&sent).await.unwrap();
        assert!(sent.sent_at().is_some());

        let begun = Instant::now();
        let urgent = Departure::before(begun + Duration::from_secs(2));
        for (departure, seconds) in [(urgent, 2), (Departure::default(), 12)] {
            let error = queue.turn(&departure).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreachable);
            assert!(!super::super::is_answer_lost(&error), "it was never sent");
            assert_eq!(begun.elapsed().as_secs(), seconds);
            assert_eq!(departure.sent_at(), None);
        }

        drop(place);
        assert!(queue.turn(&Departure::default()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_stood_still_does_not_send_what_is_too_late() {
        let queue = Queue::new(1, PATIENCE);
        let second = Duration::from_secs(1);
        let right = Right::until(Instant::now() + second);
        let departures = [Departure::before(Instant::now() + second), Departure::under(&right)];
        for departure in &departures {
            assert!(
                queue.turn(&Departure { left: Arc::default(), ..departure.clone() }).await.is_ok()
            );
        }
        tokio::time::advance(2 * second).await;
        for departure in &departures {
            queue.turn(departure).await.unwrap_err();
            assert_eq!(departure.sent_at(), None);
        }
        right.set(Some(Instant::now() + second));
        assert!(queue.turn(&Departure::under(&right)).await.is_ok());
        for end in [None, Some(Instant::now() + second)] {
            right.set(end);
            assert!(queue.turn(&Departure::under(&right)).await.is_err(), "it has ended");
        }
    }
}
