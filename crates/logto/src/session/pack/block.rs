//! Compressed text, as a part of a packed session.
//!
//! LZ4 with a dictionary is the usual compression: opening costs a fraction of a microsecond. A
//! long text, of a user in hundreds of organizations, is deflated instead, which is slower and
//! smaller.

use lz4_flex::block::{compress_with_dict, decompress_with_dict};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::session::bytes::{Reader, put_number};

const DEFLATE_LEVEL: u8 = 9;

/// Compressed texts longer than this are tried with deflate: they take more than one cookie.
const LARGE: usize = 2 * 1024;
/// No text of ours is longer than this.
const MAX_TEXT: usize = 1024 * 1024;

/// Appends a text: its length, that of what is left of it and how it was compressed, and that.
pub(super) fn put(out: &mut Vec<u8>, text: &[u8], dictionary: &[u8]) {
    let mut compressed = compress_with_dict(text, dictionary);
    let mut deflated = false;
    if compressed.len() > LARGE {
        let small = compress_to_vec(text, DEFLATE_LEVEL);
        if small.len() < compressed.len() {
            (compressed, deflated) = (small, true);
        }
    }
    put_number(out, text.len() as u64);
    put_number(out, (compressed.len() as u64) << 1 | u64::from(deflated));
    out.extend_from_slice(&compressed);
}

/// Reads back a text that [`put`] appended.
pub(super) fn take(bytes: &mut Reader<'_>, dictionary: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(bytes.number()?).ok()?;
    let compressed = bytes.number()?;
    let deflated = compressed & 1 == 1;
    let compressed = bytes.take(compressed >> 1)?;
    if length > MAX_TEXT {
        return None;
    }
    let text = match deflated {
        true => decompress_to_vec_with_limit(compressed, length).ok()?,
        false => decompress_with_dict(compressed, length, dictionary).ok()?,
    };
    (text.len() == length).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_come_back() {
        let long: Vec<u8> =
            (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
        for text in [b"".as_slice(), b"in words that are known", &long] {
            let mut out = Vec::new();
            put(&mut out, text, b"words that are known");
            out.push(7);
            let mut reader = Reader(&out);
            let taken = take(&mut reader, b"words that are known");
            assert_eq!(taken.as_deref(), Some(text));
            assert_eq!(reader.byte(), Some(7));
        }
    }

    #[test]
    fn damaged_texts_are_none() {
        let mut out = Vec::new();
        put(&mut out, b"a text, a text, a text, a text", b"");
        for end in 0..out.len() {
            assert_eq!(take(&mut Reader(&out[..end]), b""), None);
        }
        // Another length, and another compression.
        for (at, change) in [(0, 1), (0, 2), (1, 1)] {
            let mut damaged = out.clone();
            damaged[at] ^= change;
            assert_eq!(take(&mut Reader(&damaged), b""), None, "{at}");
        }
        let mut endless = Vec::new();
        put_number(&mut endless, u64::MAX);
        put_number(&mut endless, 0);
        assert_eq!(take(&mut Reader(&endless), b""), None);
    }

    #[test]
    fn of_both_compressions_the_smaller_is_taken() {
        let noise = |mut state: u64| -> Vec<u8> {
            let next = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            (0..3000).map(next).collect()
        };
        let size = |text: &[u8], dictionary: &[u8]| {
            let mut out = Vec::new();
            put(&mut out, text, dictionary);
            out.len()
        };
        let (known, new) = (noise(1), noise(2));
        assert!(size(&[new.clone(), known.clone()].concat(), &known) < 3100, "LZ4");
        let half: Vec<u8> = new.iter().map(|byte| byte & 15).collect();
        assert!(size(&half, &known) < 1800, "deflate");
    }
}
