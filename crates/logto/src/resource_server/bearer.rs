//! Finds the access token in a request's headers (RFC 6750, section 2.1).

use crate::error::{Error, ErrorKind};

/// What a header holds after `Bearer`, or `None` if it has another scheme. Whether it can be a
/// token is not looked at: one that is known needs no such look, and it would take longer than all
/// the rest.
pub(super) fn credentials(header: &[u8]) -> Option<&[u8]> {
    let (scheme, credentials) = header.split_first_chunk::<6>()?;
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    match credentials {
        [b' ', ..] | [] => Some(credentials.trim_ascii()),
        _ => None,
    }
}

/// The bearer token that the credentials are.
pub(super) fn token(credentials: &[u8]) -> Result<&str, Error> {
    match str::from_utf8(credentials) {
        // No early exit, so that the compiler can vectorize the loop.
        Ok(token)
            if !token.is_empty() && token.bytes().fold(true, |all, byte| all & is_token(byte)) =>
        {
            Ok(token)
        }
        _ => Err(malformed("the `Authorization` header holds no bearer token")),
    }
}

/// `b64token` of RFC 6750.
fn is_token(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-'..=b'/' | b'_' | b'~' | b'+' | b'=')
}

/// With several headers, a proxy and this app could each trust a different one.
pub(super) fn several() -> Error {
    malformed("the request has several `Authorization` headers")
}

fn malformed(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_or_missing_or_malformed() {
        for (header, expected) in [
            ("", Ok(None)),
            ("Basic dXNlcjpwYXNz", Ok(None)),
            ("Bearers token", Ok(None)),
            ("Bearer token", Ok(Some("token"))),
            ("bearer token", Ok(Some("token"))),
            ("BEARER  token ", Ok(Some("token"))),
            ("Bearer a.b-c_d", Ok(Some("a.b-c_d"))),
            ("Bearer", Err(())),
            ("Bearer ", Err(())),
            ("Bearer a b", Err(())),
            ("Bearer a,b", Err(())),
            ("Bearer \u{e9}", Err(())),
        ] {
            let read = credentials(header.as_bytes()).map(token).transpose();
            let read = read.map_err(|_| ());
            assert_eq!(read, expected, "{header:?}");
        }
    }
}
