//! The signature of a delivery: HMAC-SHA-256 over the bytes of the body, in lower-case hexadecimal.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// Bytes of an HMAC-SHA-256.
const LENGTH: usize = 32;

/// Whether one of the keys signed the body.
pub(crate) fn is_signed(keys: &[SecretString], body: &[u8], signature: &str) -> bool {
    let Some(signature) = decode(signature) else {
        return false;
    };
    keys.iter().any(|key| {
        // The key is used as it is written.
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
        hmac::verify(&key, body, &signature).is_ok()
    })
}

/// Of what Logto writes only: no signature has two spellings.
fn decode(signature: &str) -> Option<[u8; LENGTH]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; LENGTH];
    if signature.len() != 2 * LENGTH {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(signature.as_bytes().chunks_exact(2)) {
        let [high, low] = digits else {
            return None;
        };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
