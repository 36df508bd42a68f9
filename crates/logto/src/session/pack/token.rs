//! The smallest form of one token.
//!
//! A token is mostly base64url, which costs a third more than the bytes it stands for and hides
//! from a compressor that tokens repeat each other's claims. So a JWT is kept as the text of its
//! header and payload (for the compressor) and the bytes of its signature, an opaque token as
//! bytes, and anything that would not come back to the letter as it is.

use crate::crypto::encoding::{decode, encode};
use crate::session::bytes::{Reader, put_bytes, put_number};

const TEXT: u8 = 0;
const BASE64URL: u8 = 1;
const JWT: u8 = 2;

/// Appends a token: what does not compress to `binary`, what does to `text`.
pub(super) fn put(binary: &mut Vec<u8>, text: &mut Vec<u8>, token: &str) {
    if let Some([header, payload, signature]) = split_jwt(token) {
        binary.push(JWT);
        for part in [header, payload] {
            put_number(binary, part.len() as u64);
            text.extend_from_slice(&part);
        }
        put_bytes(binary, &signature);
    } else if let Some(bytes) = exact(token) {
        binary.push(BASE64URL);
        put_bytes(binary, &bytes);
    } else {
        binary.push(TEXT);
        put_number(binary, token.len() as u64);
        text.extend_from_slice(token.as_bytes());
    }
}

/// Reads back what [`put`] appended.
pub(super) fn take(binary: &mut Reader<'_>, text: &mut Reader<'_>) -> Option<String> {
    match binary.byte()? {
        TEXT => {
            let length = binary.number()?;
            String::from_utf8(text.take(length)?.to_vec()).ok()
        }
        BASE64URL => Some(encode(binary.bytes()?)),
        JWT => {
            let header = text.take(binary.number()?)?;
            let payload = text.take(binary.number()?)?;
            let signature = binary.bytes()?;
            Some([header, payload, signature].map(encode).join("."))
        }
        _ => None,
    }
}

fn split_jwt(token: &str) -> Option<[Vec<u8>; 3]> {
    let (header, rest) = token.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    Some([exact(header)?, exact(payload)?, exact(signature)?])
}

/// The bytes, if encoding them gives exactly this text again.
fn exact(text: &str) -> Option<Vec<u8>> {
    decode(text).filter(|bytes| encode(bytes) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_comes_back_to_the_letter() {
        let jwt = format!("{}.{}.{}", encode(r#"{"alg":"ES384"}"#), encode("{}"), encode([7; 96]));
        for token in [
            jwt.as_str(),
            "Vn-JVu-Af80zMl-_H3y7IBeI7h2b3uJNS8uw8XhXeit",
            "hf_oauth__refresh_éà",
            "not.a jwt.at all",
            "a.b.c.d",
            "",
        ] {
            let (mut binary, mut text) = (Vec::new(), Vec::new());
            put(&mut binary, &mut text, token);
            let taken = take(&mut Reader(&binary), &mut Reader(&text));
            assert_eq!(taken.as_deref(), Some(token));
        }
    }
}
