//! The access token in a request's headers (RFC 6750, section 2.1).

use crate::error::{Error, ErrorKind};

/// The bearer token of an `Authorization` header, or `None` if it has another scheme.
pub(super) fn bearer(header: &[u8]) -> Result<Option<&str>, Error> {
    let Some((scheme, credentials)) = header.split_first_chunk::<6>() else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let token = match credentials {
        [b' ', token @ ..] => token.trim_ascii(),
        [] => credentials,
        _ => return Ok(None),
    };
    match str::from_utf8(token) {
        Ok(token) if !token.is_empty() && is_token(token) => Ok(Some(token)),
        _ => Err(malformed(
            "the `Authorization` header holds no bearer token",
        )),
    }
}

/// `b64token` of RFC 6750. Every byte is looked at, so that many are at once.
fn is_token(text: &str) -> bool {
    let bytes = text.bytes().map(|byte| {
        byte.is_ascii_alphanumeric()
            | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
    });
    bytes.fold(true, |all, fits| all & fits)
}

/// Several headers: whom the app believes and whom a proxy before it believes could be two.
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
            let read = bearer(header.as_bytes()).map_err(|_| ());
            assert_eq!(read, expected, "{header:?}");
        }
    }
}
