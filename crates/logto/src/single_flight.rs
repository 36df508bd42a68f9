//! One piece of work for all who ask for the same at the same time. Nothing is kept: a later
//! request begins anew.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::tasks::Tasks;

/// The work under way, by what it is for. Each is a task of its own: it goes on when those who
/// asked for it go away.
pub(crate) struct SingleFlight<K, T>(Arc<InFlight<K, T>>);

type InFlight<K, T> = Mutex<HashMap<K, watch::Receiver<Option<T>>>>;

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The flight under way for `key`, or the one that begins now with `work`; and whether it does.
    pub(crate) fn join(
        &self,
        tasks: &Tasks,
        key: K,
        work: impl Future<Output = T> + Send + 'static,
    ) -> (Flight<T>, bool) {
        let (sender, receiver) = watch::channel(None);
        match locked(&self.0).entry(key.clone()) {
            Entry::Occupied(flight) => return (Flight(flight.get().clone()), false),
            Entry::Vacant(place) => place.insert(receiver.clone()),
        };
        let entry = FlightEntry { in_flight: Arc::clone(&self.0), key };
        tasks.spawn(async move {
            let outcome = work.await;
            // First, so that a request that comes after the end does not get an old outcome.
            drop(entry);
            sender.send_replace(Some(outcome));
        });
        (Flight(receiver), true)
    }
}

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Without the keys: they may be secret.
impl<K, T> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

/// A flight as those who wait for it see it.
pub(crate) struct Flight<T>(watch::Receiver<Option<T>>);

impl<T: Clone> Flight<T> {
    /// The outcome; `None` if the runtime of the work was shut down on the way.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await.ok()?;
        outcome.clone()
    }
}

/// Takes the flight off the list, also if its task is cut.
struct FlightEntry<K: Eq + Hash, T> {
    in_flight: Arc<InFlight<K, T>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for FlightEntry<K, T> {
    fn drop(&mut self) {
        locked(&self.in_flight).remove(&self.key);
    }
}

fn locked<K, T>(
    in_flight: &InFlight<K, T>,
) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<T>>>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::runtime::Builder;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn requests_at_the_same_time_share_and_a_later_one_does_not() {
        let (flights, tasks) = (SingleFlight::default(), Tasks::new());
        let works = Arc::new(AtomicUsize::new(0));
        let ask = async |key| {
            let works = Arc::clone(&works);
            let work = async move {
                tokio::task::yield_now().await;
                works.fetch_add(1, Ordering::SeqCst)
            };
            flights.join(&tasks, key, work).0.outcome().await.unwrap()
        };
        let (first, other, second) = tokio::join!(ask("a"), ask("b"), ask("a"));
        assert_eq!(first, second);
        assert_ne!(first, other);
        assert_eq!(ask("a").await, 2);
        assert_eq!(locked(&flights.0).len(), 0, "what has ended is forgotten");
    }

    #[tokio::test]
    async fn a_flight_goes_on_when_the_request_that_began_it_goes_away() {
        let (flights, tasks) = (SingleFlight::default(), Tasks::new());
        let (finish, finished) = oneshot::channel::<u8>();
        let (first, is_first) = flights.join(&tasks, "a", finished);
        drop(first);
        let (second, begins) = flights.join(&tasks, "a", async { Ok(2) });
        finish.send(1).unwrap();
        assert_eq!((is_first, begins), (true, false));
        assert_eq!(second.outcome().await, Some(Ok(1)));
    }

    #[test]
    fn a_flight_whose_runtime_ends_makes_room_for_another() {
        let runtime = || Builder::new_current_thread().build().unwrap();
        let (flights, first) = (SingleFlight::default(), runtime());
        let cut = first.block_on(async { flights.join(&Tasks::new(), "a", pending::<u8>()).0 });
        drop(first);
        runtime().block_on(async {
            assert_eq!(cut.outcome().await, None);
            let (flight, begins) = flights.join(&Tasks::new(), "a", async { 7 });
            assert_eq!((flight.outcome().await, begins), (Some(7), true));
        });
    }
}
