//! One fetch for all who ask for the same at the same time. Nothing is kept: who comes later asks
//! anew.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Cached;
use crate::clock::Clock;
use crate::error::Error;

/// The fetches under way, by what is fetched.
#[derive(Default)]
pub(crate) struct SingleFlight<T>(Mutex<HashMap<String, Weak<Cached<T>>>>);

impl<T: Send + Sync + 'static> SingleFlight<T> {
    /// The outcome of the fetch that is under way for `key`, or of this one. If the caller that fetches goes
    /// away, the next of those who wait does it.
    pub(crate) async fn share(
        &self,
        key: &str,
        clock: &Clock,
        fetch: impl Future<Output = Result<T, Error>>,
    ) -> Result<Arc<T>, Error> {
        let flight = self.join(key, clock);
        let (_, seen) = flight.peek();
        flight.after(seen, fetch).await
    }

    fn join(&self, key: &str, clock: &Clock) -> Arc<Cached<T>> {
        let mut in_flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = in_flight.get(key).and_then(Weak::upgrade) {
            return flight;
        }
        // Those without a waiter.
        in_flight.retain(|_, flight| flight.strong_count() > 0);
        let flight = Cached::new(0, clock.clone());
        in_flight.insert(key.to_owned(), Arc::downgrade(&flight));
        flight
    }
}

/// Without the keys: they may be secret.
impl<T> fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_asks_at_the_same_time_shares_and_who_comes_later_does_not() {
        let (in_flight, clock) = (SingleFlight::default(), Clock::system());
        let fetches = AtomicUsize::new(0);
        let ask = async |key| {
            let fetch = async {
                let number = fetches.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(number)
            };
            *in_flight.share(key, &clock, fetch).await.unwrap()
        };
        assert_eq!(tokio::join!(ask("a"), ask("b"), ask("a")), (0, 1, 0));
        assert_eq!(ask("a").await, 2);
        assert_eq!(in_flight.0.lock().unwrap().len(), 1, "what landed is forgotten");
    }

    #[tokio::test]
    async fn those_who_wait_outlive_whoever_goes_away() {
        let (in_flight, clock) = (SingleFlight::default(), Clock::system());
        let forever = std::future::pending::<Result<u8, Error>>();
        let mut first = Box::pin(in_flight.share("a", &clock, forever));
        let mut second = Box::pin(in_flight.share("a", &clock, async { Ok(2) }));
        assert!(polled(first.as_mut()).await.is_none());
        assert!(polled(second.as_mut()).await.is_none());
        drop(first);
        assert_eq!(*second.await.unwrap(), 2);
    }

    /// What a future says when it is asked once.
    async fn polled<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
