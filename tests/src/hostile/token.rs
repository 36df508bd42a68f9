//! An ID token before it is signed.

use serde_json::{Map, Value, json};

use super::keys::{Key, encode};

/// What an ID token will say and who signs it.
#[derive(Clone, Debug)]
pub struct IdToken {
    /// The JOSE header; `alg` and `kid` follow the key unless they are set here.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Value,
    /// The key that signs.
    pub key: Key,
    /// The payload as text, instead of the claims: for what no serializer writes.
    pub payload: Option<String>,
    /// What happens to the finished token.
    pub after: Option<fn(String) -> String>,
}

impl IdToken {
    pub(super) fn new(key: Key, claims: Value) -> Self {
        Self { header: Map::new(), claims, key, payload: None, after: None }
    }

    /// Sets a claim.
    pub fn claim(&mut self, name: &str, value: impl Into<Value>) {
        self.claims[name] = value.into();
    }

    /// Takes a claim away.
    pub fn remove(&mut self, name: &str) {
        self.claims.as_object_mut().map(|claims| claims.remove(name));
    }

    /// Moves a time claim by seconds.
    ///
    /// # Panics
    ///
    /// If the claim is no time.
    pub fn shift(&mut self, name: &str, seconds: i64) {
        let time = self.claims[name].as_i64().expect("a time");
        self.claims[name] = (time + seconds).into();
    }

    /// Writes `more` before the closing brace of the payload, as no serializer would.
    pub fn raw_claim(&mut self, more: &str) {
        let mut payload = self.claims.to_string();
        payload.pop();
        self.payload = Some(format!("{payload},{more}}}"));
    }

    /// Sets a member of the header.
    pub fn head(&mut self, name: &str, value: impl Into<Value>) {
        self.header.insert(name.to_owned(), value.into());
    }

    pub(super) fn finish(&self) -> String {
        let mut header = json!({ "alg": self.key.alg, "kid": self.key.kid });
        for (name, value) in &self.header {
            header[name] = value.clone();
        }
        let payload = self.payload.clone();
        let payload = payload.unwrap_or_else(|| self.claims.to_string());
        let signed = format!("{}.{}", encode(header.to_string()), encode(payload));
        let token = format!("{signed}.{}", encode(self.key.sign(signed.as_bytes())));
        self.after.map_or(token.clone(), |after| after(token))
    }
}
