//! Keys that sign whatever they are told to, in every algorithm.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use serde_json::{Value, json};

/// Base64url without padding.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Something that signs tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Key {
    /// The algorithm, as a token's header names it.
    pub alg: &'static str,
    /// The id under which it is published and named in tokens.
    pub kid: String,
    material: Arc<Material>,
}

#[derive(Debug)]
enum Material {
    Ec(EcdsaKeyPair, &'static str),
    Rsa(rsa::KeyPair),
    Secret(Vec<u8>),
    Nothing,
}

impl Key {
    fn ec(
        kid: &str,
        alg: &'static str,
        curve: &'static str,
        signing: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm,
    ) -> Self {
        let pair = EcdsaKeyPair::generate(signing).expect("an EC key");
        Self { alg, kid: kid.to_owned(), material: Arc::new(Material::Ec(pair, curve)) }
    }

    /// A new key on P-384: what Logto signs with.
    #[must_use]
    pub fn es384(kid: &str) -> Self {
        Self::ec(kid, "ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING)
    }

    /// A new key on P-384 whose signatures have the form of X.509 instead of RFC 7518.
    #[must_use]
    pub fn es384_der(kid: &str) -> Self {
        Self::ec(kid, "ES384", "P-384", &ECDSA_P384_SHA384_ASN1_SIGNING)
    }

    /// A new key on P-256.
    #[must_use]
    pub fn es256(kid: &str) -> Self {
        Self::ec(kid, "ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    /// A new key on P-521.
    #[must_use]
    pub fn es512(kid: &str) -> Self {
        Self::ec(kid, "ES512", "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING)
    }

    /// The RSA key of this process, as RS256; making one takes long.
    #[must_use]
    pub fn rs256(kid: &str) -> Self {
        static PAIR: LazyLock<Arc<Material>> = LazyLock::new(|| {
            Arc::new(Material::Rsa(rsa::KeyPair::generate(KeySize::Rsa2048).expect("an RSA key")))
        });
        Self { alg: "RS256", kid: kid.to_owned(), material: Arc::clone(&PAIR) }
    }

    /// The same RSA key, as PS256.
    #[must_use]
    pub fn ps256(kid: &str) -> Self {
        Self { alg: "PS256", ..Self::rs256(kid) }
    }

    /// A shared secret, as HS256.
    #[must_use]
    pub fn hs256(kid: &str, secret: impl Into<Vec<u8>>) -> Self {
        Self {
            alg: "HS256",
            kid: kid.to_owned(),
            material: Arc::new(Material::Secret(secret.into())),
        }
    }

    /// No signature at all.
    #[must_use]
    pub fn none() -> Self {
        Self { alg: "none", kid: "none".to_owned(), material: Arc::new(Material::Nothing) }
    }

    /// The same key under another id.
    #[must_use]
    pub fn named(&self, kid: &str) -> Self {
        Self { kid: kid.to_owned(), ..self.clone() }
    }

    /// The public half as a JWK; a secret publishes itself, as only a broken provider would.
    #[must_use]
    pub fn jwk(&self) -> Value {
        match &*self.material {
            Material::Ec(pair, curve) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "use": "sig", "kid": self.kid, "alg": self.alg, "crv": curve,
                        "x": encode(x), "y": encode(y) })
            }
            Material::Rsa(pair) => {
                let key = pair.public_key();
                json!({ "kty": "RSA", "use": "sig", "kid": self.kid,
                        "e": encode(key.exponent().big_endian_without_leading_zero()),
                        "n": encode(key.modulus().big_endian_without_leading_zero()) })
            }
            Material::Secret(secret) => {
                json!({ "kty": "oct", "kid": self.kid, "alg": "HS256", "k": encode(secret) })
            }
            Material::Nothing => json!({ "kty": "none", "kid": self.kid }),
        }
    }

    /// The bytes of the public key, which attackers use as the secret of an HMAC.
    #[must_use]
    pub fn public_bytes(&self) -> Vec<u8> {
        match &*self.material {
            Material::Ec(pair, _) => pair.public_key().as_ref().to_vec(),
            Material::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Material::Secret(_) | Material::Nothing => Vec::new(),
        }
    }

    /// The signature of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.material {
            Material::Ec(pair, _) => {
                let signature = pair.sign(&random, message).expect("a signature");
                signature.as_ref().to_vec()
            }
            Material::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = if self.alg == "PS256" {
                    pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                } else {
                    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                };
                signed.expect("a signature");
                signature
            }
            Material::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Material::Nothing => Vec::new(),
        }
    }
}
