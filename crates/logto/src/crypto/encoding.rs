//! Base64url without padding, random bytes, and hashes.

use aws_lc_rs::digest;
use aws_lc_rs::rand;
use base64_simd::{STANDARD, URL_SAFE_NO_PAD};

use crate::error::{Error, ErrorKind};

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// `before`, and the bytes after it.
pub(crate) fn encode_after(before: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(before.len() + bytes.len().div_ceil(3) * 4);
    text.push_str(before);
    URL_SAFE_NO_PAD.encode_append(bytes, &mut text);
    text
}

/// Base64 with padding, as in a Content Security Policy.
pub(crate) fn standard(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode_to_string(bytes)
}

/// The bytes, if the text is base64url without padding.
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| {
        Error::new(ErrorKind::Internal, "the system's random number generator failed")
    })?;
    Ok(bytes)
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}
