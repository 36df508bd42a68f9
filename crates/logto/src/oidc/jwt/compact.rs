//! The compact form of a signed token: `header.payload.signature`.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::Algorithm;
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};

/// A token taken apart; nothing is verified yet.
pub(crate) struct Compact<'a> {
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    /// What the signature covers: the first two parts as they were sent.
    pub(crate) signing_input: &'a [u8],
}

/// What we read of a JOSE header (RFC 7515, section 4.1).
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// What kind of token it says it is (RFC 7519, section 5.1).
    pub(crate) typ: Option<String>,
}

#[derive(Deserialize)]
struct RawHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Whether the member is there at all: `null` is no way to take a demand back.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl Header {
    /// The header of a token, of which nothing else is looked at.
    pub(crate) fn parse(token: &str) -> Result<Self, Error> {
        let (header, _) = token.split_once('.').ok_or_else(not_compact)?;
        let raw: RawHeader = serde_json::from_str(&text(header)?)
            .map_err(|e| Error::malformed(ErrorKind::InvalidToken, "the token's header", &e))?;
        if raw.crit {
            // RFC 7515, section 4.1.11: an extension that must be understood, and we know none.
            let why = "the token's header demands an extension (`crit`) that is not known";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        Ok(Self { algorithm: Algorithm::from_name(&raw.alg)?, kid: raw.kid, typ: raw.typ })
    }
}

impl<'a> Compact<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, Error> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or_else(not_compact)?;
        let (_, payload) = signing_input.split_once('.').ok_or_else(not_compact)?;
        Ok(Self {
            header: Header::parse(token)?,
            payload: text(payload)?.into_bytes(),
            signature: decoded(signature)?,
            signing_input: signing_input.as_bytes(),
        })
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, Error> {
    encoding::decode(part).ok_or_else(not_compact)
}

/// JSON is UTF-8 (RFC 7515, section 5.2; RFC 7519, section 7.2), also in members that no one reads.
fn text(part: &str) -> Result<String, Error> {
    String::from_utf8(decoded(part)?)
        .map_err(|_| Error::new(ErrorKind::InvalidToken, "a part of the token is not UTF-8"))
}

fn not_compact() -> Error {
    let why = "the token is not a signed JWT (three parts of base64url)";
    Error::new(ErrorKind::InvalidToken, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AAAA", encoding::encode(header))
    }

    #[test]
    fn what_is_not_a_signed_token_is_refused() {
        for text in ["", ".", "..", "a.b", "a.b.c.d.e", "e30.e30.AAAA", "{}.e30.AAAA", "é.e30.AAAA"]
        {
            assert!(Compact::parse(text).is_err(), "{text}");
        }
        assert!(Compact::parse(&token(r#"{"alg":"none"}"#)).is_err());
        assert!(Compact::parse(&token(r#"{"alg":"ES384","crit":["b64"]}"#)).is_err());
        assert!(Compact::parse(&token(r#"{"alg":"ES384","crit":null}"#)).is_err());
        assert!(Compact::parse(&token(r#"{"alg":["ES384"]}"#)).is_err());
    }

    /// RFC 7515, section 5.2, steps 3 and 7.2 of RFC 7519: UTF-8, also in what is not looked at.
    #[test]
    fn header_and_payload_have_to_be_utf8() {
        let part = |json: &[u8]| encoding::encode(json);
        let (header, payload): (&[u8], &[u8]) = (br#"{"alg":"ES384"}"#, br#"{"sub":"s"}"#);
        let bad: (&[u8], &[u8]) = (b"{\"alg\":\"ES384\",\"x\":\"\xff\"}", b"{\"x\":\"\xff\"}");
        for (header, payload, is_good) in
            [(header, payload, true), (bad.0, payload, false), (header, bad.1, false)]
        {
            let token = format!("{}.{}.AAAA", part(header), part(payload));
            assert_eq!(Compact::parse(&token).is_ok(), is_good);
        }
    }

    #[test]
    fn the_header_is_read() {
        let token = token(r#"{"alg":"ES384","kid":"k","typ":"JWT"}"#);
        let compact = Compact::parse(&token).unwrap();
        assert_eq!(compact.header.algorithm, Algorithm::Es384);
        assert_eq!(compact.header.kid.as_deref(), Some("k"));
        assert_eq!(compact.payload, b"{}");
    }
}
