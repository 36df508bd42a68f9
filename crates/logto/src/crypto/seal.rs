//! Authenticated encryption of what a browser or a store keeps for us.
//!
//! AES-256-GCM with a random 96-bit nonce. A key is derived for each secret and purpose
//! (HKDF-SHA256, RFC 5869), and the name of the cookie and the issuer are bound in as additional
//! data: a value sealed for one place opens in no other. One key is good for 2³² seals (NIST SP
//! 800-38D, section 8.3). Each session cookie and each write to a store is one, the heartbeats of
//! a refresh included: add a secret to the ring before that.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret, SecretString};

use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};

/// What a sealed value is for; each purpose has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A session, in a cookie.
    Session,
    /// The cookie of a session that a store keeps.
    SessionPointer,
    /// A record in a store.
    Record,
    /// A sign-in in progress, in its `state` and a cookie.
    SignIn,
    /// What a frame of another site and a window of this one tell each other.
    Frame,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Session => b"session",
            Self::SessionPointer => b"pointer",
            Self::Record => b"record",
            Self::SignIn => b"sign-in",
            Self::Frame => b"frame",
        }
    }
}

/// The keys of all cookie secrets, newest first: the first seals, all open.
pub(crate) struct KeyRing {
    keys: Vec<SecretKeys>,
    /// Tenant and application, bound into every value: what one keeps means nothing to another.
    context: String,
}

struct SecretKeys {
    session: RandomizedNonceKey,
    pointer: RandomizedNonceKey,
    record: RandomizedNonceKey,
    sign_in: RandomizedNonceKey,
    frame: RandomizedNonceKey,
}

impl SecretKeys {
    fn key(&self, purpose: Purpose) -> &RandomizedNonceKey {
        match purpose {
            Purpose::Session => &self.session,
            Purpose::SessionPointer => &self.pointer,
            Purpose::Record => &self.record,
            Purpose::SignIn => &self.sign_in,
            Purpose::Frame => &self.frame,
        }
    }
}

impl KeyRing {
    pub(crate) fn new(secrets: &[SecretString], context: &str) -> Result<Self, Error> {
        let keys = secrets
            .iter()
            .map(|secret| {
                Ok(SecretKeys {
                    session: derive(secret, Purpose::Session)?,
                    pointer: derive(secret, Purpose::SessionPointer)?,
                    record: derive(secret, Purpose::Record)?,
                    sign_in: derive(secret, Purpose::SignIn)?,
                    frame: derive(secret, Purpose::Frame)?,
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { keys, context: context.to_owned() })
    }

    /// Tenant and application, which every sealed value is bound to.
    pub(crate) fn context(&self) -> &str {
        &self.context
    }

    /// [`seal_bytes`](Self::seal_bytes) as base64url.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        name: &str,
        value: Vec<u8>,
    ) -> Result<String, Error> {
        Ok(encoding::encode(self.seal_bytes(purpose, name, value)?))
    }

    /// Seals under the newest key.
    pub(crate) fn seal_bytes(
        &self,
        purpose: Purpose,
        name: &str,
        mut value: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let failed = || Error::new(ErrorKind::Internal, "a value could not be sealed");
        let key = self.keys.first().ok_or_else(failed)?.key(purpose);
        let nonce =
            key.seal_in_place_append_tag(self.bound_to(name), &mut value).map_err(|_| failed())?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + value.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut value);
        Ok(sealed)
    }

    /// [`open_bytes`](Self::open_bytes) of base64url.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        name: &str,
        sealed: impl AsRef<[u8]>,
    ) -> Option<Vec<u8>> {
        let mut value = encoding::decode(sealed)?;
        let [keys] = self.keys.as_slice() else {
            return self.open_bytes(purpose, name, &value);
        };
        // With one key no other needs the bytes as they are.
        let (nonce, ciphertext) = value.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = keys.key(purpose).open_in_place(nonce, self.bound_to(name), ciphertext);
        let length = opened.ok()?.len();
        value.copy_within(NONCE_LEN..NONCE_LEN + length, 0);
        value.truncate(length);
        Some(value)
    }

    /// Opens what any key of the ring sealed for this purpose and name.
    pub(crate) fn open_bytes(
        &self,
        purpose: Purpose,
        name: &str,
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
        self.keys.iter().find_map(|keys| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut value = ciphertext.to_vec();
            let length =
                keys.key(purpose).open_in_place(nonce, self.bound_to(name), &mut value).ok()?.len();
            value.truncate(length);
            Some(value)
        })
    }

    fn bound_to(&self, name: &str) -> Aad<String> {
        Aad::from([name, "\n", &self.context].concat())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

fn derive(secret: &SecretString, purpose: Purpose) -> Result<RandomizedNonceKey, Error> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }

    let failed = |_| Error::new(ErrorKind::Internal, "a cookie key could not be derived");
    let mut bytes = [0; 32];
    Salt::new(HKDF_SHA256, b"logto cookie v1")
        .extract(secret.expose_secret().as_bytes())
        .expand(&[purpose.label()], Length)
        .and_then(|material| material.fill(&mut bytes))
        .map_err(failed)?;
    RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secrets: &[&str]) -> KeyRing {
        let secrets: Vec<_> = secrets.iter().map(|s| SecretString::from(*s)).collect();
        KeyRing::new(&secrets, "https://tenant.example/oidc").unwrap()
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed_for() {
        let ring = ring(&["one"]);
        let sealed = ring.seal(Purpose::Session, "name", b"value".to_vec()).unwrap();
        assert_eq!(ring.open(Purpose::Session, "name", &sealed).unwrap(), b"value");
        assert!(ring.open(Purpose::SignIn, "name", &sealed).is_none());
        assert!(ring.open(Purpose::Session, "other", &sealed).is_none());
        let elsewhere =
            KeyRing::new(&[SecretString::from("one")], "https://other.example/oidc").unwrap();
        assert!(elsewhere.open(Purpose::Session, "name", &sealed).is_none());
    }

    #[test]
    fn an_old_secret_still_opens_and_a_removed_one_does_not() {
        let old = ring(&["old"]).seal(Purpose::Session, "name", b"value".to_vec()).unwrap();
        assert!(ring(&["new", "old"]).open(Purpose::Session, "name", &old).is_some());
        assert!(ring(&["new"]).open(Purpose::Session, "name", &old).is_none());
        let new = ring(&["new", "old"]).seal(Purpose::Session, "name", b"v".to_vec()).unwrap();
        assert!(ring(&["new"]).open(Purpose::Session, "name", &new).is_some());
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let ring = ring(&["one"]);
        let sealed = ring.seal(Purpose::Session, "name", b"value".to_vec()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(ring.open(Purpose::Session, "name", &changed).is_none());
        }
        assert!(ring.open(Purpose::Session, "name", "").is_none());
        assert!(ring.open(Purpose::Session, "name", "not base64!").is_none());
    }
}
