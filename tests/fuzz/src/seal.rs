//! The seal of cookies and entries, made with the secret that the app is given: what the fuzzer
//! writes then comes from inside. Written down a second time on purpose; the SDK has no door for
//! this.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};

use crate::key::encode;

/// What a value is sealed for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Session,
    Pointer,
    Record,
    SignIn,
    Frame,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Session => b"session",
            Self::Pointer => b"pointer",
            Self::Record => b"record",
            Self::SignIn => b"sign-in",
            Self::Frame => b"frame",
        }
    }
}

/// The keys of one app.
#[derive(Debug)]
pub(crate) struct Seal {
    keys: Vec<RandomizedNonceKey>,
    context: String,
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl Seal {
    const PURPOSES: [Purpose; 5] =
        [Purpose::Session, Purpose::Pointer, Purpose::Record, Purpose::SignIn, Purpose::Frame];

    pub(crate) fn new(secret: &str, issuer: &str, app_id: &str) -> Self {
        let derive = |purpose: Purpose| {
            let mut bytes = [0; 32];
            let salt = Salt::new(HKDF_SHA256, b"logto cookie v1").extract(secret.as_bytes());
            let labels = [purpose.label()];
            let filled = salt.expand(&labels, Length).and_then(|okm| okm.fill(&mut bytes));
            filled.expect("a key");
            RandomizedNonceKey::new(&AES_256_GCM, &bytes).expect("a key")
        };
        let keys = Self::PURPOSES.into_iter().map(derive).collect();
        Self { keys, context: format!("{issuer}\n{app_id}") }
    }

    fn key(&self, purpose: Purpose) -> &RandomizedNonceKey {
        self.keys.get(purpose as usize).expect("a key for each purpose")
    }

    fn bound_to(&self, name: &str) -> Aad<String> {
        Aad::from([name, "\n", &self.context].concat())
    }

    /// As an entry of a store.
    pub(crate) fn bytes(&self, purpose: Purpose, name: &str, value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        let key = self.key(purpose);
        let nonce = key.seal_in_place_append_tag(self.bound_to(name), &mut value);
        [nonce.expect("a seal").as_ref().as_slice(), &value].concat()
    }

    /// As a cookie's value.
    pub(crate) fn text(&self, purpose: Purpose, name: &str, value: &[u8]) -> String {
        encode(self.bytes(purpose, name, value))
    }

    /// What the SDK sealed, from which seeds are made.
    pub(crate) fn open(&self, purpose: Purpose, name: &str, text: &str) -> Option<Vec<u8>> {
        let mut sealed = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text).ok()?;
        let (nonce, value) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.key(purpose).open_in_place(nonce, self.bound_to(name), value).ok()?;
        Some(opened.to_vec())
    }
}
