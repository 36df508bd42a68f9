//! The provider's key: of the algorithm that signs and verifies fastest.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// A key on P-256.
#[derive(Debug)]
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self(pair.expect("a key"))
    }

    /// Its public half, under an id.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let point = self.0.public_key().as_ref().get(1..).expect("an uncompressed point");
        let (x, y) = point.split_at(point.len() / 2);
        json!({ "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": kid,
                "x": encode(x), "y": encode(y) })
    }

    /// A token with this header and payload, whatever they are.
    pub(crate) fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", encode(signature.expect("a signature")))
    }
}

/// Base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}
