//! A bounded cache of opened session cookies and verified access tokens, keyed by their text.
//!
//! The texts end at random: a tag, a signature. The end says where a text is kept and is compared
//! first, then the whole is, in a time that tells nothing of what is kept. Each place belongs to a
//! set of eight under a lock of its own. What is used moves up in its set and what is new takes the
//! last place, so a flood of texts that come once pushes out none that come often. Where the bytes
//! of all values together are too many, a hand goes over the sets and takes the last value out of
//! each, unless it was used since the hand came by (CLOCK).

mod budget;

use std::array;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use aws_lc_rs::constant_time::verify_slices_are_equal;

pub(crate) use budget::Budget;

/// Places in a set.
const PLACES: usize = 8;
/// A value that takes more than this part of all bytes is not kept.
const LARGEST: usize = 8;

/// A bounded memory of values, each of which holds its text.
pub(crate) struct Cache<V> {
    sets: Box<[RwLock<Set<V>>]>,
    budget: Arc<Budget>,
    /// The set that is to make room next.
    hand: AtomicUsize,
}

/// A value, and the text that it is found by. To clone it costs next to nothing.
pub(crate) trait Cacheable: Clone {
    fn text(&self) -> &[u8];

    /// About how many bytes it takes in memory when it is put in.
    fn bytes(&self) -> usize;
}

type Set<V> = [Option<Kept<V>>; PLACES];

struct Kept<V> {
    end: [u8; 16],
    bytes: u32,
    /// Whether it was used since the hand came by.
    is_used: AtomicBool,
    value: V,
}

impl<V: Cacheable> Cache<V> {
    /// Places for so many values, which share a budget of bytes.
    pub(crate) fn new(places: usize, budget: Arc<Budget>) -> Self {
        let set = || RwLock::new(array::from_fn(|_| None));
        let sets = (0..places / PLACES).map(|_| set()).collect();
        Self { sets, budget, hand: AtomicUsize::new(0) }
    }

    pub(crate) fn get(&self, text: &[u8]) -> Option<V> {
        if self.budget.is_exceeded() {
            self.make_room();
        }
        let end: &[u8; 16] = text.last_chunk()?;
        let set = self.sets.get(slot(text, self.sets.len()))?;
        let is_it = |kept: &Option<Kept<V>>| {
            kept.as_ref().is_some_and(|kept| {
                kept.end == *end && verify_slices_are_equal(kept.value.text(), text).is_ok()
            })
        };
        let (at, value) = {
            let set = set.read().unwrap_or_else(PoisonError::into_inner);
            let at = set.iter().position(is_it)?;
            let kept = set.get(at)?.as_ref()?;
            if !kept.is_used.load(Ordering::Relaxed) {
                kept.is_used.store(true, Ordering::Relaxed);
            }
            (at, kept.value.clone())
        };
        // It moves up at a later time if another entry is there now.
        if at > 0
            && let Ok(mut set) = set.try_write()
        {
            set.swap(at, at - 1);
        }
        Some(value)
    }

    /// Keeps a value, in the place of one that `is_over` if there is one.
    pub(crate) fn insert(&self, value: V, is_over: impl Fn(&V) -> bool) {
        let text = value.text();
        let (Some(&end), Some(set)) =
            (text.last_chunk(), self.sets.get(slot(text, self.sets.len())))
        else {
            return;
        };
        let size = value.bytes();
        let Ok(bytes) = u32::try_from(size) else {
            return;
        };
        if size > self.budget.limit() / LARGEST {
            return;
        }
        self.budget.take(size);
        let is_in_the_way = |kept: &Option<Kept<V>>| {
            kept.as_ref()
                .is_some_and(|kept| kept.value.text() == value.text() || is_over(&kept.value))
        };
        let out = {
            let mut set = write(set);
            // Where bytes run out, what is new takes the last value's place as in a full set, and
            // the others stay.
            let last = set.iter().rposition(Option::is_some);
            let last = last.filter(|at| *at > 0 && self.budget.is_exceeded());
            let same_or_over = set.iter().position(is_in_the_way);
            let free = || set.iter().position(Option::is_none).unwrap_or(PLACES - 1);
            let at = same_or_over.or(last).unwrap_or_else(free);
            let kept = Kept { end, bytes, is_used: AtomicBool::new(false), value };
            set.get_mut(at).and_then(|place| place.replace(kept))
        };
        self.drop_one(out);
        if self.budget.is_exceeded() {
            self.make_room();
        }
    }

    /// Takes out what is used least until the values are within their budget.
    #[cold]
    fn make_room(&self) {
        // After one round nothing counts as used; what is in use elsewhere may still take bytes.
        for _ in 0..2 * PLACES * self.sets.len() {
            if !self.budget.is_exceeded() {
                return;
            }
            let at = self.hand.fetch_add(1, Ordering::Relaxed) % self.sets.len();
            let out = self.sets.get(at).and_then(|set| {
                let mut set = write(set);
                let last = set.iter_mut().rev().find(|place| place.is_some())?;
                let was_used =
                    last.as_mut().is_some_and(|kept| std::mem::take(kept.is_used.get_mut()));
                if was_used { None } else { last.take() }
            });
            self.drop_one(out);
        }
    }

    /// Outside of the lock: to drop a value takes time.
    fn drop_one(&self, out: Option<Kept<V>>) {
        if let Some(out) = out {
            self.budget.give_back(out.bytes as usize);
        }
    }
}

fn write<T>(set: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    set.write().unwrap_or_else(PoisonError::into_inner)
}

/// One of so many places for a text, by its last eight bytes.
pub(crate) fn slot(text: &[u8], places: usize) -> usize {
    ((u128::from(spread(text)) * places as u128) >> u64::BITS) as usize
}

/// The last eight bytes of a text as a hash, good in its upper bits.
pub(crate) fn spread(text: &[u8]) -> u64 {
    let end = text.last_chunk();
    let end = end.map_or(0, |end| u64::from_le_bytes(*end));
    // Fibonacci hashing: text uses few of the bits, the product spreads them.
    end.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Without what is kept.
impl<V> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a text of which the end is random";

    impl Cacheable for Arc<str> {
        fn text(&self) -> &[u8] {
            self.as_bytes()
        }

        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn never<V>(_: &V) -> bool {
        false
    }

    fn new_cache(places: usize, bytes: usize) -> Cache<Arc<str>> {
        Cache::new(places, Arc::new(Budget::new(bytes)))
    }

    #[test]
    fn a_text_is_found_by_the_whole_of_it() {
        let cache = new_cache(64, 6400);
        cache.insert(TEXT.into(), never);
        assert_eq!(cache.get(TEXT.as_bytes()).as_deref(), Some(TEXT));
        for at in 0..TEXT.len() {
            let mut other = TEXT.to_owned().into_bytes();
            other[at] ^= 1;
            assert_eq!(cache.get(&other), None, "{at}");
        }
        assert_eq!(cache.get(&TEXT.as_bytes()[1..]), None);
        assert_eq!(cache.get(format!("-{TEXT}").as_bytes()), None);
    }

    #[test]
    fn a_flood_stays_within_bounds_and_spares_what_is_used() {
        for (bytes, most) in [(6400, 64), (1000, 25)] {
            let cache = new_cache(64, bytes);
            cache.insert(TEXT.into(), never);
            for n in 0..5000 {
                cache.insert(format!("something that comes once {n:014}").into(), never);
                assert!(cache.get(TEXT.as_bytes()).is_some(), "lost at {n}");
                assert!(cache.budget.taken() <= bytes);
            }
            assert_eq!(kept(&cache), most);
        }
    }

    #[test]
    fn more_texts_than_fit_are_found_in_part() {
        // By places, and by bytes.
        for (places, bytes) in [(512, 1 << 20), (1024, 20_000)] {
            found_in_part(&new_cache(places, bytes));
        }
    }

    fn found_in_part(cache: &Cache<Arc<str>>) {
        let all: Vec<String> =
            (0..1024).map(|n| format!("one that comes in turn {n:016}")).collect();
        let mut found = 0;
        for _ in 0..20 {
            for text in &all {
                match cache.get(text.as_bytes()) {
                    Some(_) => found += 1,
                    None => cache.insert(text.as_str().into(), never),
                }
            }
        }
        assert!(found > 20 * 1024 / 4, "{found} of {}", 20 * 1024);
    }

    #[test]
    fn what_is_kept_twice_or_over_makes_room() {
        let cache = new_cache(PLACES, 800);
        cache.insert(TEXT.into(), never);
        cache.insert(TEXT.into(), never);
        assert_eq!((kept(&cache), cache.budget.taken()), (1, TEXT.len()));
        cache.insert("another text, and another end".into(), |kept| **kept == *TEXT);
        assert_eq!((kept(&cache), cache.budget.taken()), (1, 29));
        assert_eq!(cache.get(TEXT.as_bytes()), None);
    }

    #[test]
    fn what_is_too_short_or_has_no_room_is_not_kept() {
        let cache = new_cache(64, 6400);
        cache.insert("short".into(), never);
        assert_eq!(cache.get(b"short"), None);
        let none = new_cache(0, 6400);
        none.insert(TEXT.into(), never);
        assert_eq!(none.get(TEXT.as_bytes()), None);
    }

    #[test]
    fn large_values_stay_within_the_budget() {
        let cache = new_cache(64, 2400);
        for n in 0..20 {
            cache.insert(format!("{}{n:08}", "x".repeat(292)).into(), never);
        }
        assert_eq!(kept(&cache), 8);
        cache.insert("y".repeat(301).into(), never);
        assert_eq!(kept(&cache), 8, "one that is too large pushes out none");
        // Values that grow while they are kept.
        cache.budget.take(1200);
        cache.get(b"any text that is not there");
        assert_eq!((kept(&cache), cache.budget.taken()), (4, 2400));
        cache.budget.take(9999);
        cache.get(b"any text that is not there");
        assert_eq!(kept(&cache), 0);
    }

    fn kept<V: Cacheable>(cache: &Cache<V>) -> usize {
        let sets = cache.sets.iter().map(|set| set.read().unwrap());
        sets.map(|set| set.iter().flatten().count()).sum()
    }
}
