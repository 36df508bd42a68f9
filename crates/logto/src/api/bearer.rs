//! The access token in a request's headers (RFC 6750, section 2.1).

use crate::error::{Error, ErrorKind};

/// The bearer token, or `None` if the request brought none: no header, or another scheme.
pub(super) fn bearer<'a>(
    authorization: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, Error> {
    let mut headers = authorization.into_iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        // Whom the app believes and whom a proxy before it believes would be two.
        return Err(malformed("the request has several `Authorization` headers"));
    }
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
        Ok(token) if !token.is_empty() && token.bytes().all(is_token) => Ok(Some(token)),
        _ => Err(malformed(
            "the `Authorization` header holds no bearer token",
        )),
    }
}

/// `b64token` of RFC 6750.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

fn malformed(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_or_missing_or_malformed() {
        let read = |headers: &[&'static str]| {
            bearer(headers.iter().map(|header| header.as_bytes())).map_err(|_| ())
        };
        for (headers, expected) in [
            (vec![], Ok(None)),
            (vec![""], Ok(None)),
            (vec!["Basic dXNlcjpwYXNz"], Ok(None)),
            (vec!["Bearers token"], Ok(None)),
            (vec!["Bearer token"], Ok(Some("token"))),
            (vec!["bearer token"], Ok(Some("token"))),
            (vec!["BEARER  token "], Ok(Some("token"))),
            (vec!["Bearer a.b-c_d"], Ok(Some("a.b-c_d"))),
            (vec!["Bearer"], Err(())),
            (vec!["Bearer "], Err(())),
            (vec!["Bearer a b"], Err(())),
            (vec!["Bearer a,b"], Err(())),
            (vec!["Bearer \u{e9}"], Err(())),
            (vec!["Bearer a", "Bearer a"], Err(())),
            (vec!["Basic a", "Bearer a"], Err(())),
        ] {
            assert_eq!(read(&headers), expected, "{headers:?}");
        }
    }
}
