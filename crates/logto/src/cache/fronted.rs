//! A cache with a small one before it for each thread.
//!
//! To read a shared cache is to write: to a lock, and to the reference count of what is found. On two
//! cores that costs more than the look-up. So what a thread asks for again and again is copied to it,
//! and all that a request writes belongs to its thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Budget, Cache, Seen, spread};
use crate::per_thread::PerThread;

/// Places of a front, and texts whose last use it remembers.
const PLACES: usize = 256;
/// Bytes of a front at most, and all of them together take at most this part of the whole cache.
const BYTES: usize = 256 * 1024;
const PART: usize = 8;

/// A value that can be had again with nothing in common that is written.
pub(crate) trait Copied: Seen {
    fn copied(&self) -> Self;
}

pub(crate) struct Fronted<V> {
    fronts: PerThread<Front<V>>,
    shared: Cache<V>,
}

struct Front<V> {
    cache: Cache<V>,
    /// Texts that were found behind it lately, as parts of their hashes. A text that is asked for once in a
    /// long time is not worth a copy.
    asked: [AtomicU32; PLACES],
}

impl<V: Copied> Fronted<V> {
    /// Places for so many values, and bytes for all of them together.
    pub(crate) fn new(places: usize, bytes: usize) -> Self {
        let fronts = PerThread::<()>::count();
        let in_front = (bytes / PART / fronts).min(BYTES);
        let front = || Front {
            cache: Cache::new(PLACES.min(places), Arc::new(Budget::new(in_front))),
            asked: [const { AtomicU32::new(0) }; PLACES],
        };
        let budget = Arc::new(Budget::new(bytes - in_front * fronts));
        Self { fronts: PerThread::new(front), shared: Cache::new(places, budget) }
    }

    /// What the values take that all threads find.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.shared.budget
    }

    pub(crate) fn get(&self, text: &[u8]) -> Option<V> {
        let front = self.fronts.own()?;
        if let Some(value) = front.cache.get(text) {
            return Some(value);
        }
        let value = self.shared.get(text)?;
        if !front.is_asked_again(text) {
            return Some(value);
        }
        let own = value.copied();
        front.cache.insert(own.clone(), |_| false);
        Some(own)
    }

    /// What all threads find, without the copies.
    pub(crate) fn shared(&self) -> &Cache<V> {
        &self.shared
    }
}

impl<V> Front<V> {
    fn is_asked_again(&self, text: &[u8]) -> bool {
        let hash = spread(text);
        let place = self.asked.get((hash >> 56) as usize);
        let part = (hash >> 24) as u32;
        place.is_some_and(|place| {
            let is_again = place.load(Ordering::Relaxed) == part;
            place.store(part, Ordering::Relaxed);
            is_again
        })
    }
}

/// Without what is kept.
impl<V> fmt::Debug for Fronted<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fronted").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Copied for Arc<str> {
        fn copied(&self) -> Self {
            (**self).into()
        }
    }

    const BYTES: usize = 1024 * 1024;

    fn text(n: usize) -> String {
        format!("a text of which the end is random {n:08}")
    }

    fn cache(texts: usize) -> Fronted<Arc<str>> {
        let cache = Fronted::new(4096, BYTES);
        for n in 0..texts {
            cache.shared().insert(text(n).into(), |_| false);
        }
        cache
    }

    #[test]
    fn what_a_thread_asks_for_again_is_its_own() {
        let cache = cache(64);
        let ask = || {
            let texts = (0..64).map(text);
            let found = texts.map(|text| cache.get(text.as_bytes()).unwrap());
            found.collect::<Vec<_>>()
        };
        let is_same = |(a, b): (&Arc<str>, &Arc<str>)| Arc::ptr_eq(a, b);
        let first = ask();
        ask();
        let own = ask();
        let count =
            |pairs: &[Arc<str>]| own.iter().zip(pairs).filter(|pair| is_same(*pair)).count();
        assert_eq!(count(&first), 0);
        // A few may share a place of what was asked lately.
        assert!(count(&ask()) > 48);
        let other = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                ask();
                ask();
                ask()
            });
            other.join().unwrap()
        });
        assert_eq!(count(&other), 0);
    }

    #[test]
    fn many_texts_in_turn_are_not_copied() {
        let cache = cache(2048);
        let copies = || {
            let fronts = cache.fronts.all();
            fronts.map(|front| front.cache.budget.taken()).sum::<usize>()
        };
        for _ in 0..4 {
            for n in 0..2048 {
                cache.get(text(n).as_bytes());
            }
        }
        assert_eq!(copies(), 0);
        for n in 0..2048 {
            cache.get(text(n).as_bytes());
            cache.get(text(n).as_bytes());
        }
        let limits: usize = cache.fronts.all().map(|front| front.cache.budget.limit()).sum();
        assert!((1..=limits).contains(&copies()), "{} of {limits}", copies());
        assert!(limits + cache.budget().limit() <= BYTES);
    }
}
