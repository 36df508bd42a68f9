//! Words in braces, and parts of an input.

use std::borrow::Cow;

/// The input with each `{word}` that `value` knows replaced. Others stay: JSON is full of braces.
pub(crate) fn fill(input: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let word = after.split_once('}').filter(|(word, _)| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        rest = match word.and_then(|(word, after)| Some((value(word)?, after))) {
            Some((value, after)) => {
                filled.push_str(&value);
                after
            }
            None => {
                filled.push('{');
                after
            }
        };
    }
    filled.push_str(rest);
    filled
}

/// The parts of an input, between lines that say `%%`. The last takes the rest.
pub(crate) fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    const BORDER: &[u8] = b"\n%%\n";
    let mut rest = input;
    std::array::from_fn(|at| {
        let end = rest.windows(BORDER.len()).position(|window| window == BORDER);
        match end.filter(|_| at + 1 < N) {
            Some(end) => {
                let (part, after) = rest.split_at(end);
                rest = after.get(BORDER.len()..).unwrap_or_default();
                part
            }
            None => std::mem::take(&mut rest),
        }
    })
}

/// Byte strings, each after its length in two bytes. The last may be shorter than it says.
pub(crate) fn chunks(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (chunk, rest) = rest.split_at(length);
        input = rest;
        Some(chunk)
    })
}

/// Bytes as text.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
