//! Signing keys, the key set, and the tokens signed with them.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    self, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::random;

/// The algorithm of a signing key.
///
/// # Example
///
/// ```
/// use logto_local::SigningAlgorithm;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::start().await?;
/// // As a Logto that was set up years ago.
/// tenant.rotate_signing_key(SigningAlgorithm::Rs256)?;
/// tenant.remove_previous_keys();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA on P-384: what a fresh Logto signs with.
    Es384,
    /// RSA: what a Logto tenant can be switched to. The key has 2048 bits (Logto's has 4096),
    /// so that a test does not wait for it.
    Rs256,
}

impl SigningAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
        }
    }
}

/// The keys of the tenant, the current one first.
pub(crate) struct KeyRing(Vec<SigningKey>);

struct SigningKey {
    /// By which the Management API knows it.
    id: String,
    created: u64,
    kid: String,
    pair: Pair,
}

enum Pair {
    Es384(EcdsaKeyPair),
    Rs256(rsa::KeyPair),
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    kid: String,
}

/// Why a token that claims to be ours was not accepted.
pub(crate) enum NotOurs {
    Undecodable,
    Unverifiable,
}

impl KeyRing {
    pub(crate) fn generate(algorithm: SigningAlgorithm, now: u64) -> Result<Self, Unspecified> {
        Ok(Self(vec![SigningKey::generate(algorithm, now)?]))
    }

    /// The new key signs from now on; the old ones stay in the key set.
    pub(crate) fn rotate(
        &mut self,
        algorithm: SigningAlgorithm,
        now: u64,
    ) -> Result<(), Unspecified> {
        self.0.insert(0, SigningKey::generate(algorithm, now)?);
        Ok(())
    }

    /// Keeps the latest keys only, the current one among them.
    pub(crate) fn keep(&mut self, number: usize) {
        self.0.truncate(number.max(1));
    }

    /// Whether there was such a key of the past.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let index = self.0.iter().skip(1).position(|key| key.id == id);
        index.map(|index| self.0.remove(index + 1)).is_some()
    }

    /// As the Management API shows them.
    pub(crate) fn described(&self) -> Vec<Value> {
        let describe = |(index, key): (usize, &SigningKey)| {
            let status = if index == 0 { "Current" } else { "Previous" };
            let algorithm = match key.pair {
                Pair::Es384(_) => "EC",
                Pair::Rs256(_) => "RSA",
            };
            json!({ "id": key.id, "createdAt": key.created, "signingKeyAlgorithm": algorithm, "status": status })
        };
        self.0.iter().enumerate().map(describe).collect()
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": self.0.iter().map(SigningKey::jwk).collect::<Vec<_>>() })
    }

    /// What discovery announces: an RSA key serves two algorithms, and every key counts.
    pub(crate) fn algorithms(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for key in &self.0 {
            let of_key: &[&str] = match key.pair {
                Pair::Es384(_) => &["ES384"],
                Pair::Rs256(_) => &["PS256", "RS256"],
            };
            for name in of_key {
                if !names.contains(name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// A signed token. An ID token has no `typ`.
    pub(crate) fn sign(&self, typ: Option<&str>, claims: &Value) -> Result<String, Unspecified> {
        let key = self.0.first().ok_or(Unspecified)?;
        let header = Header {
            alg: key.algorithm().name().to_owned(),
            typ: typ.map(str::to_owned),
            kid: key.kid.clone(),
        };
        let header = serde_json::to_vec(&header).map_err(|_| Unspecified)?;
        let base64 = base64_simd::URL_SAFE_NO_PAD;
        let mut token = base64.encode_to_string(header);
        token.push('.');
        token.push_str(&base64.encode_to_string(claims.to_string()));
        let signature = key.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&base64.encode_to_string(signature));
        Ok(token)
    }

    /// The claims of a token that the current algorithm of this tenant signed; its age is not
    /// looked at.
    pub(crate) fn verify(&self, token: &str) -> Result<Value, NotOurs> {
        let current = self.0.first().ok_or(NotOurs::Unverifiable)?.algorithm();
        self.verify_with(token, |key| key.algorithm() == current)
    }

    /// The claims of a token that any key of the key set signed; its age is not looked at.
    pub(crate) fn verify_with_any(&self, token: &str) -> Result<Value, NotOurs> {
        self.verify_with(token, |_| true)
    }

    fn verify_with(
        &self,
        token: &str,
        accepts: impl Fn(&SigningKey) -> bool,
    ) -> Result<Value, NotOurs> {
        let (signed, signature) = token.rsplit_once('.').ok_or(NotOurs::Undecodable)?;
        let (header, claims) = signed.split_once('.').ok_or(NotOurs::Undecodable)?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| NotOurs::Undecodable)?;
        let claims = serde_json::from_slice(&decode(claims)?).map_err(|_| NotOurs::Undecodable)?;
        let key = self.0.iter().find(|key| key.kid == header.kid);
        match key {
            Some(key) if accepts(key) && header.alg == key.algorithm().name() => {
                let verified = key.verify(signed.as_bytes(), &decode(signature)?);
                verified.map(|()| claims).map_err(|_| NotOurs::Unverifiable)
            }
            _ => Err(NotOurs::Unverifiable),
        }
    }
}

impl SigningKey {
    fn generate(algorithm: SigningAlgorithm, now: u64) -> Result<Self, Unspecified> {
        let pair = match algorithm {
            SigningAlgorithm::Es384 => {
                Pair::Es384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)?)
            }
            SigningAlgorithm::Rs256 => Pair::Rs256(rsa::KeyPair::generate(KeySize::Rsa2048)?),
        };
        Ok(Self { id: random::id(21)?, created: now, kid: random::token()?, pair })
    }

    fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            Pair::Es384(_) => SigningAlgorithm::Es384,
            Pair::Rs256(_) => SigningAlgorithm::Rs256,
        }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
        match &self.pair {
            Pair::Es384(pair) => {
                // An uncompressed point: 0x04, then x and y.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "use": "sig", "kid": self.kid, "alg": "ES384", "crv": "P-384",
                        "x": encode(x), "y": encode(y) })
            }
            Pair::Rs256(pair) => {
                let key = pair.public_key();
                json!({ "kty": "RSA", "use": "sig", "kid": self.kid,
                        "e": encode(key.exponent().big_endian_without_leading_zero()),
                        "n": encode(key.modulus().big_endian_without_leading_zero()) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es384(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        let (algorithm, key): (&'static dyn signature::VerificationAlgorithm, &[u8]) =
            match &self.pair {
                Pair::Es384(pair) => (&ECDSA_P384_SHA384_FIXED, pair.public_key().as_ref()),
                Pair::Rs256(pair) => (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()),
            };
        UnparsedPublicKey::new(algorithm, key).verify(message, signature)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, NotOurs> {
    base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).map_err(|_| NotOurs::Undecodable)
}
