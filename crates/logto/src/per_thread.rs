//! What each thread has for itself, so that two cores do not write to the same memory.
//!
//! A counter or a lock that every request writes is fetched from one core to the other each time. So
//! there are several, and a thread uses its own. Threads may share one: that costs time and nothing else.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// One of something for each thread, or for some threads together.
pub(crate) struct PerThread<T>(Box<[T]>);

/// Threads that were given a number.
static NUMBERED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NUMBER: usize = NUMBERED.fetch_add(1, Ordering::Relaxed);
}

impl<T> PerThread<T> {
    pub(crate) fn new(make: impl FnMut() -> T) -> Self {
        Self(std::iter::repeat_with(make).take(Self::count()).collect())
    }

    /// How many there are: a power of two, as a mask is faster than a division.
    pub(crate) fn count() -> usize {
        let cores = thread::available_parallelism().map_or(4, usize::from);
        // Beside the threads that serve requests there are others.
        (2 * cores).next_power_of_two().clamp(8, 128)
    }

    fn place(&self) -> usize {
        // A thread that ends has no number any more.
        NUMBER.try_with(|number| *number).unwrap_or_default() & (self.0.len() - 1)
    }

    /// This thread's.
    pub(crate) fn own(&self) -> Option<&T> {
        self.0.get(self.place())
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// A shared value, as an `Arc` of it whose owners each thread counts for itself.
///
/// A copy of it is made for each request, more than once.
pub(crate) struct Handle<T>(Arc<Local<T>>);

/// What the owners of one place share. It has cache lines of its own.
#[repr(align(128))]
struct Local<T> {
    value: Arc<T>,
    at: usize,
    places: Arc<PerThread<Place<T>>>,
}

#[repr(align(128))]
struct Place<T> {
    /// Handles that were made here and are not dropped.
    owners: AtomicUsize,
    /// It holds on to all places as long as any of them has owners.
    local: Mutex<Option<Arc<Local<T>>>>,
}

impl<T> Handle<T> {
    pub(crate) fn new(value: T) -> Self {
        let place = || Place { owners: AtomicUsize::new(0), local: Mutex::new(None) };
        Self::at_home(&Arc::new(value), &Arc::new(PerThread::new(place)))
    }

    /// One that this thread counts.
    fn at_home(value: &Arc<T>, places: &Arc<PerThread<Place<T>>>) -> Self {
        let at = places.place();
        let new = || Arc::new(Local { value: Arc::clone(value), at, places: Arc::clone(places) });
        let Some(place) = places.0.get(at) else {
            return Self(new());
        };
        place.owners.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(place.local().get_or_insert_with(new)))
    }

    /// The value for what outlives the request.
    pub(crate) fn shared(&self) -> &Arc<T> {
        &self.0.value
    }
}

impl<T> Place<T> {
    fn local(&self) -> MutexGuard<'_, Option<Arc<Local<T>>>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_owners(&self) -> bool {
        self.owners.load(Ordering::SeqCst) > 0
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self::at_home(&self.0.value, &self.0.places)
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        let places = &self.0.places.0;
        let was_last = places
            .get(self.0.at)
            .is_some_and(|place| place.owners.fetch_sub(1, Ordering::SeqCst) == 1);
        // The last of all sees no others. Another one may see none too while one is cloned to a thread
        // that it looked at before: then that thread makes its place anew.
        if was_last && !places.iter().any(Place::has_owners) {
            let locals: Vec<_> = places.iter().map(|place| place.local().take()).collect();
            drop(locals);
        }
    }
}

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_counts_for_itself() {
        let handle = Handle::new(7);
        let value = Arc::downgrade(handle.shared());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let clones: Vec<_> = (0..100).map(|_| handle.clone()).collect();
                    assert!(clones.iter().all(|clone| **clone == 7));
                    let place = handle.0.places.own().unwrap();
                    assert!(place.owners.load(Ordering::SeqCst) >= 100);
                });
            }
        });
        let owners = |place: &Place<_>| place.owners.load(Ordering::SeqCst);
        assert_eq!(handle.0.places.all().map(owners).sum::<usize>(), 1);
        assert!(value.strong_count() <= 1 + PerThread::<()>::count(), "not for each clone");
        drop(handle);
        assert_eq!(value.strong_count(), 0);
    }

    #[test]
    fn the_last_handle_frees_the_value_on_whichever_thread_it_is() {
        for _ in 0..200 {
            let handle = Handle::new(());
            let value = Arc::downgrade(handle.shared());
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let mut handle = handle.clone();
                    thread::spawn(move || {
                        for _ in 0..50 {
                            // It moves to this thread, and the one before is dropped.
                            handle = handle.clone();
                        }
                    })
                })
                .collect();
            drop(handle);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(value.strong_count(), 0);
        }
    }
}
