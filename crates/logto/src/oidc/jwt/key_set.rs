//! The public keys of a provider (RFC 7517).

use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;
use serde::Deserialize;
use serde_json::Value;

use super::{Algorithm, Compact, Header};
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};

/// The usable keys of a JWK set. Keys of unknown type, for encryption, or damaged are skipped: one
/// odd key must not take the good ones with it.
pub(crate) struct KeySet {
    keys: Vec<Key>,
    version: KeySetVersion,
}

/// Tells one key set from another: a hash of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySetVersion(pub(crate) u64);

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    public: ParsedPublicKey,
}

/// What a look into the key set found for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A key of the set made the signature.
    Verified,
    /// No key of the set has the token's `kid` and algorithm.
    UnknownKey,
    /// The key is there and did not make this signature.
    BadSignature,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads the set; an empty or wholly unusable one is an error, so that it never replaces a
    /// good one.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body)
            .map_err(|e| Error::malformed(ErrorKind::InvalidResponse, "the JWK set", &e))?;
        let keys: Vec<Key> = set
            .keys
            .into_iter()
            .filter_map(|jwk| serde_json::from_value::<Jwk>(jwk).ok())
            .flat_map(|jwk| jwk.keys())
            .collect();
        if keys.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "the JWK set holds no key that can verify ES384, ES256, ES512, RS256 or PS256",
            ));
        }
        Ok(Self { keys, version: KeySetVersion::new(body) })
    }

    pub(crate) fn version(&self) -> KeySetVersion {
        self.version
    }

    /// Whether a key of the set may have made the signature of a token with this header.
    pub(crate) fn has_key_for(&self, header: &Header) -> bool {
        self.keys_for(header).next().is_some()
    }

    /// A token without `kid` may be of any key.
    fn keys_for(&self, header: &Header) -> impl Iterator<Item = &Key> {
        let keys = self.keys.iter().filter(|key| key.algorithm == header.algorithm);
        keys.filter(|key| header.kid.is_none() || key.kid == header.kid)
    }

    /// Looks for the key that made the token's signature.
    pub(crate) fn verify(&self, token: &Compact<'_>) -> Lookup {
        let mut candidates = self.keys_for(&token.header).peekable();
        if candidates.peek().is_none() {
            return Lookup::UnknownKey;
        }
        let signed =
            |key: &Key| key.public.verify_sig(token.signing_input, &token.signature).is_ok();
        if candidates.any(signed) { Lookup::Verified } else { Lookup::BadSignature }
    }
}

impl KeySetVersion {
    fn new(body: &[u8]) -> Self {
        let hash = encoding::sha256(&[body]);
        let bytes = hash.first_chunk().copied().unwrap_or_default();
        Self(u64::from_be_bytes(bytes))
    }
}

impl Jwk {
    /// An RSA key without `alg` serves RS256 and PS256; every other key serves one algorithm.
    fn keys(&self) -> Vec<Key> {
        if !self.is_for_signatures() {
            return Vec::new();
        }
        let algorithms: &[Algorithm] = match self.kty.as_str() {
            "RSA" => &[Algorithm::Rs256, Algorithm::Ps256],
            "EC" => match self.crv.as_deref().and_then(Algorithm::for_curve) {
                Some((algorithm, _)) => &[algorithm],
                None => &[],
            },
            _ => &[],
        };
        algorithms
            .iter()
            .copied()
            .filter(|algorithm| self.alg.as_deref().is_none_or(|alg| alg == algorithm.name()))
            .filter_map(|algorithm| {
                Some(Key { kid: self.kid.clone(), algorithm, public: self.public(algorithm)? })
            })
            .collect()
    }

    /// RFC 7517, sections 4.2 and 4.3.
    fn is_for_signatures(&self) -> bool {
        let usage = self.usage.as_deref();
        let verifies = |operations: &Vec<String>| operations.iter().any(|one| one == "verify");
        usage.is_none_or(|usage| usage == "sig") && self.key_ops.as_ref().is_none_or(verifies)
    }

    fn public(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        let decode = |member: &Option<String>| member.as_ref().and_then(encoding::decode);
        if self.kty == "RSA" {
            return algorithm.rsa_key(&decode(&self.n)?, &decode(&self.e)?);
        }
        let (_, size) = Algorithm::for_curve(self.crv.as_deref()?)?;
        let (x, y) = (decode(&self.x)?, decode(&self.y)?);
        if x.len() != size || y.len() != size {
            return None;
        }
        algorithm.ec_key(&[&[4], x.as_slice(), y.as_slice()].concat())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(|key| (key.kid.as_deref(), key.algorithm));
        f.debug_list().entries(keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = r#"{"kty":"EC","use":"sig","kid":"Do6pteuR7xNk7bX1ceBB0Ub2NwTpSTigowWG0LqvyYs",
        "alg":"ES384","crv":"P-384","x":"WiH4AyC0c4SZsoiKKJMLMCH7M2exzT4mExLf5WGhVAy1qYDNznTXJJS_53PN_f_Z",
        "y":"V23Ayn1BdOXM_IBdgKbjpx6680lgNm1ri2tS90M-mnX0UF8jDJnpu7RhKA9ueS9q"}"#;

    fn usable(jwks: &[&str]) -> usize {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, jwks.join(",")).as_bytes())
            .map_or(0, |set| set.keys.len())
    }

    #[test]
    fn one_odd_key_does_not_spoil_the_set() {
        let short = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, "w".repeat(171));
        for odd in [
            short.as_str(),
            r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#,
            r#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#,
            r#"{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}"#,
            r#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#,
            r#"{"kty":["EC"]}"#,
            r#""text""#,
            "null",
        ] {
            assert_eq!(usable(&[odd, RECORDED]), 1, "{odd}");
            assert_eq!(usable(&[odd]), 0, "{odd}");
        }
    }

    #[test]
    fn a_key_for_encryption_or_another_algorithm_is_not_used() {
        assert_eq!(usable(&[&RECORDED.replace("\"sig\"", "\"enc\"")]), 0);
        assert_eq!(usable(&[&RECORDED.replace("\"ES384\"", "\"ES256\"")]), 0);
    }

    #[test]
    fn an_empty_set_is_an_error() {
        assert!(KeySet::parse(br#"{"keys":[]}"#).is_err());
        assert!(KeySet::parse(b"{}").is_err());
        assert!(KeySet::parse(b"").is_err());
    }

    #[test]
    fn a_key_is_found_by_its_name_and_algorithm() {
        let set = KeySet::parse(format!(r#"{{"keys":[{RECORDED}]}}"#).as_bytes()).unwrap();
        let has = |header: &str| {
            let header = Header::parse(&format!("{}.", encoding::encode(header))).unwrap();
            set.has_key_for(&header)
        };
        assert!(has(r#"{"alg":"ES384","kid":"Do6pteuR7xNk7bX1ceBB0Ub2NwTpSTigowWG0LqvyYs"}"#));
        assert!(has(r#"{"alg":"ES384"}"#), "any key may have made it");
        assert!(!has(r#"{"alg":"ES384","kid":"another"}"#));
        assert!(!has(r#"{"alg":"RS256","kid":"Do6pteuR7xNk7bX1ceBB0Ub2NwTpSTigowWG0LqvyYs"}"#));
        assert!(format!("{set:?}").contains("Do6pteuR7xNk7bX1ceBB0Ub2NwTpSTigowWG0LqvyYs"));
    }

    #[test]
    fn key_sets_are_told_apart() {
        let version = |kid: &str| {
            let key = RECORDED.replace("Do6pteuR7xNk7bX1ceBB0Ub2NwTpSTigowWG0LqvyYs", kid);
            KeySet::parse(format!(r#"{{"keys":[{key}]}}"#).as_bytes()).unwrap().version()
        };
        assert_eq!(version("a"), version("a"));
        assert_ne!(version("a"), version("b"));
        assert_ne!(version("a"), KeySetVersion::default(), "that of no key set");
    }

    #[test]
    fn a_key_for_other_operations_is_not_used() {
        let with = |operations: &str| {
            usable(&[&RECORDED.replacen('{', &format!(r#"{{"key_ops":{operations},"#), 1)])
        };
        assert_eq!(with(r#"["sign","verify"]"#), 1);
        assert_eq!(with(r#"["sign"]"#), 0);
        assert_eq!(with("[]"), 0);
    }

    /// Coordinates have a fixed length (RFC 7518, section 6.2.1.2).
    #[test]
    fn coordinates_of_another_length_are_no_key() {
        let short = |member: &str| usable(&[&RECORDED.replace(member, &format!("{member}AA"))]);
        assert_eq!([short(r#""x":""#), short(r#""y":""#)], [0, 0]);
    }
}
