//! Writing and reading numbers and byte strings, for the packed form of a session.

use crate::storage::Version;

/// A number in seven bits a byte, least significant first; the top bit says that more follows.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A version takes up to nine bytes, none takes one.
pub(super) fn put_version(out: &mut Vec<u8>, version: Option<Version>) {
    let number = version.and_then(|version| u64::try_from(version.number()).ok());
    put_number(out, number.map_or(0, |number| number.wrapping_add(1)));
}

/// Reads from the front; `None` wherever the bytes end too early.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn version(&mut self) -> Option<Option<Version>> {
        let number = self.number()?.checked_sub(1);
        Some(number.and_then(|number| i64::try_from(number).ok()).map(Version::from_number))
    }

    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_come_back() {
        let mut out = Vec::new();
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            put_number(&mut out, number);
        }
        put_bytes(&mut out, b"abc");
        let mut reader = Reader(&out);
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            assert_eq!(reader.number(), Some(number));
        }
        assert_eq!(reader.bytes(), Some(b"abc".as_slice()));
        assert_eq!(reader.byte(), None);
    }

    #[test]
    fn bytes_that_end_too_early_are_noticed() {
        assert_eq!(Reader(&[0x80]).number(), None);
        assert_eq!(Reader(&[0xff; 11]).number(), None);
        assert_eq!(Reader(&[5, 1, 2]).bytes(), None);
    }
}
