//! The signature algorithms that Logto supports.

use aws_lc_rs::digest;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, VerificationAlgorithm,
};

use crate::error::{Error, ErrorKind, printable};

/// The shortest RSA modulus, 2048 bits (RFC 7518, section 3.3).
const RSA_BYTES: usize = 256;

/// An algorithm of RFC 7518, section 3.1, that we verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256,
    Es384,
    Es512,
    Rs256,
    Ps256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Es512, Self::Rs256, Self::Ps256];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm that a token's header names.
    pub(crate) fn from_name(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidToken,
                format!(
                    "the token is signed with {:?}, which is not accepted (accepted are ES384, \
                         ES256, ES512, RS256 and PS256)",
                    printable(name)
                ),
            )
        })
    }

    /// The algorithm that goes with an elliptic curve of RFC 7518, section 6.2.1.1, and the bytes
    /// of one of its coordinates.
    pub(crate) fn for_curve(name: &str) -> Option<(Self, usize)> {
        match name {
            "P-256" => Some((Self::Es256, 32)),
            "P-384" => Some((Self::Es384, 48)),
            "P-521" => Some((Self::Es512, 66)),
            _ => None,
        }
    }

    /// A key on this algorithm's curve, from its uncompressed point.
    pub(crate) fn ec_key(self, point: &[u8]) -> Option<ParsedPublicKey> {
        let curve: &'static dyn VerificationAlgorithm = match self {
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::Es512 => &ECDSA_P521_SHA512_FIXED,
            Self::Rs256 | Self::Ps256 => return None,
        };
        ParsedPublicKey::new(curve, point).ok()
    }

    /// An RSA key of at least 2048 bits, from modulus and exponent.
    pub(crate) fn rsa_key(self, n: &[u8], e: &[u8]) -> Option<ParsedPublicKey> {
        let padding: &'static RsaParameters = match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Es256 | Self::Es384 | Self::Es512 => return None,
        };
        // Some providers write a sign byte, which is not part of the number (RFC 7518, section
        // 6.3.1.1).
        let n = n.get(n.iter().position(|byte| *byte != 0)?..)?;
        // A shorter key would be refused with every signature only: too late to do without it.
        if n.len() < RSA_BYTES {
            return None;
        }
        PublicKeyComponents { n, e }.to_parsed_public_key(padding).ok()
    }

    /// The hash that `at_hash` is made with (OpenID Connect Core, section 3.1.3.6).
    pub(crate) fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Es256 | Self::Rs256 | Self::Ps256 => &digest::SHA256,
            Self::Es384 => &digest::SHA384,
            Self::Es512 => &digest::SHA512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_curve_has_its_algorithm_and_the_bytes_of_a_coordinate() {
        for (curve, algorithm, bytes) in [
            ("P-256", Algorithm::Es256, 32),
            ("P-384", Algorithm::Es384, 48),
            ("P-521", Algorithm::Es512, 66),
        ] {
            assert_eq!(Algorithm::for_curve(curve), Some((algorithm, bytes)));
        }
        assert_eq!(Algorithm::for_curve("secp256k1"), None);
    }

    #[test]
    fn an_rsa_key_has_two_thousand_and_forty_eight_bits_besides_leading_zeros() {
        let key = |zeros: usize, bytes: usize| {
            let modulus = [vec![0; zeros], vec![0xc5; bytes]].concat();
            Algorithm::Rs256.rsa_key(&modulus, &[1, 0, 1])
        };
        for (zeros, bytes, is_taken) in
            [(0, 256, true), (1, 256, true), (0, 255, false), (1, 255, false), (200, 255, false)]
        {
            assert_eq!(key(zeros, bytes).is_some(), is_taken, "{zeros} zeros, {bytes} bytes");
        }
    }

    #[test]
    fn an_unsupported_algorithm_is_refused_with_its_name() {
        for name in ["none", "HS256", "EdDSA", "es384", ""] {
            let error = Algorithm::from_name(name).unwrap_err();
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
        assert_eq!(Algorithm::from_name("ES384").unwrap(), Algorithm::Es384);
    }
}
