//! An access token before it is signed.

use serde_json::{Map, Value, json};

use super::{CLIENT, RESOURCE};
use crate::hostile::{Key, encode};

/// What an access token will say and who signs it.
#[derive(Clone, Debug)]
pub struct Token {
    /// The JOSE header; `alg` and `kid` follow the key unless they are set here.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Value,
    /// The key that signs.
    pub key: Key,
    payload: Option<String>,
}

impl Token {
    /// A good token of alice, as Logto makes them.
    #[must_use]
    pub fn new(key: &Key, issuer: &str, now: u64) -> Self {
        let header = Map::from_iter([("typ".to_owned(), "at+jwt".into())]);
        let claims = json!({
            "jti": "_7fYMHOFQkBGUIpbHxIYq8CV4SQ8gx5cKyBngtZn1u1", "sub": "alice", "iat": now,
            "exp": now + 3600, "scope": "read:things", "client_id": CLIENT, "iss": issuer,
            "aud": RESOURCE,
        });
        Self { header, claims, key: key.clone(), payload: None }
    }

    /// Sets a claim.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Moves a time claim by seconds.
    ///
    /// # Panics
    ///
    /// If the claim is no time.
    #[must_use]
    pub fn shift(self, name: &str, seconds: i64) -> Self {
        let time = self.claims[name].as_i64().expect("a time");
        self.with(name, time + seconds)
    }

    /// With a payload as it is, for what no serializer writes.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// Takes a claim away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(name);
        }
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a member of the header away.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signed by another key.
    #[must_use]
    pub fn by(mut self, key: &Key) -> Self {
        self.key = key.clone();
        self
    }

    /// The token as it is sent.
    #[must_use]
    pub fn sign(&self) -> String {
        let mut header = json!({ "alg": self.key.alg, "kid": self.key.kid });
        for (name, value) in &self.header {
            header[name] = value.clone();
        }
        let payload = self.payload.clone();
        let payload = payload.unwrap_or_else(|| self.claims.to_string());
        let signed = format!("{}.{}", encode(header.to_string()), encode(payload));
        format!("{signed}.{}", encode(self.key.sign(signed.as_bytes())))
    }
}
