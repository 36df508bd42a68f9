//! What was opened or verified a moment ago, by the text that it came in.
//!
//! The texts end at random: a tag, a signature. The end says where a text is kept and is compared
//! first, then the whole is, in a time that tells nothing of what is kept. Each place belongs to a
//! set of eight under a lock of its own. What is used moves up in its set and what is new takes the
//! last place, so a flood of texts that come once pushes out none that come often.

use std::array;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Places in a set.
const PLACES: usize = 8;

/// A bounded memory of values, each of which holds its text.
pub(crate) struct Cache<V> {
    sets: Box<[RwLock<Set<V>>]>,
    /// What the values of one set take at most.
    set_bytes: usize,
}

/// A value, and the text that it is found by. To clone it costs next to nothing.
pub(crate) trait Seen: Clone {
    fn text(&self) -> &str;

    /// About how many bytes it takes in memory. It may change; see [`Cache::trim`].
    fn bytes(&self) -> usize;
}

type Set<V> = [Option<Kept<V>>; PLACES];

struct Kept<V> {
    end: [u8; 16],
    value: V,
}

impl<V: Seen> Cache<V> {
    /// Room for about so many values, which take so many bytes each on average; for more of neither.
    pub(crate) fn new(values: usize, bytes_each: usize) -> Self {
        let set = || RwLock::new(array::from_fn(|_| None));
        let sets = (0..values / PLACES).map(|_| set()).collect();
        Self { sets, set_bytes: PLACES * bytes_each }
    }

    pub(crate) fn get(&self, text: &[u8]) -> Option<V> {
        let end: &[u8; 16] = text.last_chunk()?;
        let set = self.sets.get(slot(text, self.sets.len()))?;
        let is_it = |kept: &Option<Kept<V>>| {
            kept.as_ref().is_some_and(|kept| {
                kept.end == *end
                    && verify_slices_are_equal(kept.value.text().as_bytes(), text).is_ok()
            })
        };
        let (at, value) = {
            let set = set.read().unwrap_or_else(PoisonError::into_inner);
            let at = set.iter().position(is_it)?;
            (at, set.get(at)?.as_ref()?.value.clone())
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
        let text = value.text().as_bytes();
        let (Some(&end), Some(set)) =
            (text.last_chunk(), self.sets.get(slot(text, self.sets.len())))
        else {
            return;
        };
        if value.bytes() > self.set_bytes {
            return;
        }
        let mut set = set.write().unwrap_or_else(PoisonError::into_inner);
        let is_free = |kept: &Option<Kept<V>>| {
            kept.as_ref()
                .is_none_or(|kept| kept.value.text() == value.text() || is_over(&kept.value))
        };
        let at = set.iter().position(is_free).unwrap_or(PLACES - 1);
        if let Some(kept) = set.get_mut(at) {
            *kept = Some(Kept { end, value });
        }
        trim(&mut set, self.set_bytes);
    }

    /// Makes room in the set of this text, because its value has grown.
    pub(crate) fn trim(&self, text: &[u8]) {
        if let Some(set) = self.sets.get(slot(text, self.sets.len())) {
            trim(&mut set.write().unwrap_or_else(PoisonError::into_inner), self.set_bytes);
        }
    }
}

/// Takes out what is used least until the set is within its bytes.
fn trim<V: Seen>(set: &mut Set<V>, most: usize) {
    let mut bytes: usize = set.iter().flatten().map(|kept| kept.value.bytes()).sum();
    for kept in set.iter_mut().rev() {
        if bytes <= most {
            return;
        }
        if let Some(out) = kept.take() {
            bytes = bytes.saturating_sub(out.value.bytes());
        }
    }
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
    use std::sync::Arc;

    use super::*;

    const TEXT: &str = "a text of which the end is random";

    impl Seen for Arc<str> {
        fn text(&self) -> &str {
            self
        }

        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn never<V>(_: &V) -> bool {
        false
    }

    #[test]
    fn a_text_is_found_by_the_whole_of_it() {
        let recent: Cache<Arc<str>> = Cache::new(64, 100);
        recent.insert(TEXT.into(), never);
        assert_eq!(recent.get(TEXT.as_bytes()).as_deref(), Some(TEXT));
        for at in 0..TEXT.len() {
            let mut other = TEXT.to_owned().into_bytes();
            other[at] ^= 1;
            assert_eq!(recent.get(&other), None, "{at}");
        }
        assert_eq!(recent.get(&TEXT.as_bytes()[1..]), None);
        assert_eq!(recent.get(format!("-{TEXT}").as_bytes()), None);
    }

    #[test]
    fn a_flood_stays_within_bounds_and_spares_what_is_used() {
        let recent: Cache<Arc<str>> = Cache::new(64, 100);
        recent.insert(TEXT.into(), never);
        for n in 0..5000 {
            recent.insert(format!("something that comes once {n:08}").into(), never);
            assert!(recent.get(TEXT.as_bytes()).is_some(), "lost at {n}");
        }
        assert_eq!(kept(&recent), 64);
    }

    #[test]
    fn what_is_kept_twice_or_over_makes_room() {
        let recent: Cache<Arc<str>> = Cache::new(PLACES, 100);
        recent.insert(TEXT.into(), never);
        recent.insert(TEXT.into(), never);
        assert_eq!(kept(&recent), 1);
        recent.insert("another text, and another end".into(), |kept| **kept == *TEXT);
        assert_eq!(kept(&recent), 1);
        assert_eq!(recent.get(TEXT.as_bytes()), None);
    }

    #[test]
    fn what_is_too_short_or_has_no_room_is_not_kept() {
        let recent: Cache<Arc<str>> = Cache::new(64, 100);
        recent.insert("short".into(), never);
        assert_eq!(recent.get(b"short"), None);
        let none: Cache<Arc<str>> = Cache::new(0, 100);
        none.insert(TEXT.into(), never);
        assert_eq!(none.get(TEXT.as_bytes()), None);
    }

    #[test]
    fn large_values_stay_within_the_bytes_of_their_set() {
        let recent: Cache<Arc<str>> = Cache::new(PLACES, 100);
        for n in 0..20 {
            recent.insert(format!("{}{n:08}", "x".repeat(292)).into(), never);
        }
        assert_eq!(kept(&recent), 2);
        recent.insert("y".repeat(801).into(), never);
        assert_eq!(kept(&recent), 2, "one that is too large for its set pushes out none");
    }

    fn kept<V: Seen>(recent: &Cache<V>) -> usize {
        let sets = recent.sets.iter().map(|set| set.read().unwrap());
        sets.map(|set| set.iter().flatten().count()).sum()
    }
}
