//! What was opened a moment ago, by the text that it came in.
//!
//! The texts end at random: a tag, a signature. The end says where a text is kept and is compared
//! first, then the whole is, in a time that tells nothing of what is kept. Each place belongs to a
//! set of eight under a lock of its own. What is used moves up in its set and what is new takes the
//! last place, so a flood of texts that come once pushes out none that come often.

use std::array;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Places in a set.
const PLACES: usize = 8;

/// A bounded memory of values.
pub(crate) struct Recent<V> {
    sets: Box<[Mutex<Set<V>>]>,
}

type Set<V> = [Option<Kept<V>>; PLACES];

struct Kept<V> {
    end: [u8; 16],
    text: Box<str>,
    value: V,
}

impl<V: Clone> Recent<V> {
    /// Room for about that many values, and never more.
    pub(crate) fn new(values: usize) -> Self {
        let set = || Mutex::new(array::from_fn(|_| None));
        Self {
            sets: (0..values / PLACES).map(|_| set()).collect(),
        }
    }

    pub(crate) fn get(&self, text: &str) -> Option<V> {
        let end: &[u8; 16] = text.as_bytes().last_chunk()?;
        let set = self.sets.get(place(text, self.sets.len()))?;
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &Option<Kept<V>>| {
            kept.as_ref().is_some_and(|kept| {
                kept.end == *end
                    && verify_slices_are_equal(kept.text.as_bytes(), text.as_bytes()).is_ok()
            })
        };
        let at = set.iter().position(is_it)?;
        let value = set.get(at)?.as_ref()?.value.clone();
        if at > 0 {
            set.swap(at, at - 1);
        }
        Some(value)
    }

    pub(crate) fn insert(&self, text: &str, value: V) {
        let (Some(end), Some(set)) = (
            text.as_bytes().last_chunk(),
            self.sets.get(place(text, self.sets.len())),
        ) else {
            return;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = |kept: &Option<Kept<V>>| kept.as_ref().is_none_or(|kept| *kept.text == *text);
        let at = set.iter().position(is_free).unwrap_or(PLACES - 1);
        if let Some(kept) = set.get_mut(at) {
            *kept = Some(Kept {
                end: *end,
                text: text.into(),
                value,
            });
        }
    }
}

/// One of so many places for a text, by its last eight bytes.
pub(crate) fn place(text: &str, places: usize) -> usize {
    let end = text.as_bytes().last_chunk();
    let end = end.map_or(0, |end| u64::from_le_bytes(*end));
    // Fibonacci hashing: text uses few of the bits, the product spreads them.
    let spread = u128::from(end.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    ((spread * places as u128) >> u64::BITS) as usize
}

/// Without what is kept.
impl<V> fmt::Debug for Recent<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a text of which the end is random";

    #[test]
    fn a_text_is_found_by_the_whole_of_it() {
        let recent = Recent::new(64);
        recent.insert(TEXT, 1);
        assert_eq!(recent.get(TEXT), Some(1));
        for at in 0..TEXT.len() {
            let mut other = TEXT.to_owned().into_bytes();
            other[at] ^= 1;
            assert_eq!(recent.get(&String::from_utf8(other).unwrap()), None, "{at}");
        }
        assert_eq!(recent.get(&TEXT[1..]), None);
        assert_eq!(recent.get(&format!("-{TEXT}")), None);
        recent.insert(TEXT, 2);
        assert_eq!(recent.get(TEXT), Some(2));
    }

    #[test]
    fn a_flood_stays_within_bounds_and_spares_what_is_used() {
        let recent = Recent::new(64);
        recent.insert(TEXT, 0);
        for n in 0..5000 {
            recent.insert(&format!("something that comes once {n:08}"), n);
            assert_eq!(recent.get(TEXT), Some(0), "lost at {n}");
        }
        let sets = recent.sets.iter().map(|set| set.lock().unwrap());
        let kept: usize = sets.map(|set| set.iter().flatten().count()).sum();
        assert_eq!(kept, 64);
    }

    #[test]
    fn what_is_too_short_or_has_no_room_is_not_kept() {
        let recent = Recent::new(64);
        recent.insert("short", 1);
        assert_eq!(recent.get("short"), None);
        let none = Recent::new(0);
        none.insert(TEXT, 1);
        assert_eq!(none.get(TEXT), None);
    }
}
