//! The stored credentials of sign-ins.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access_token::AccessToken;
use crate::error::{Error, ErrorKind};
use crate::user::User;

/// Of the stored format. Credentials of another version are ignored, so the user signs in again.
const VERSION: u8 = 1;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    version: u8,
    /// For which app of which tenant.
    issuer: String,
    app_id: String,
    pub(crate) user: User,
    pub(crate) refresh_token: String,
    /// The newest last.
    access_tokens: Vec<AccessToken>,
}

impl Credentials {
    pub(crate) fn new(issuer: &str, app_id: &str, user: User, refresh_token: String) -> Self {
        Self {
            version: VERSION,
            issuer: issuer.to_owned(),
            app_id: app_id.to_owned(),
            user,
            refresh_token,
            access_tokens: Vec::new(),
        }
    }

    fn is_for(&self, issuer: &str, app_id: &str) -> bool {
        self.issuer == issuer && self.app_id == app_id
    }

    pub(crate) fn usable(&self, resource: &str, now: u64) -> Option<&AccessToken> {
        let tokens = self.access_tokens.iter().rev();
        tokens
            .filter(|token| token.is_usable(now))
            .find(|token| token.resource.as_deref() == Some(resource))
    }

    /// Stores the token in place of the one for the same resource, and drops expired ones.
    pub(crate) fn keep(&mut self, token: AccessToken, now: u64) {
        self.access_tokens.retain(|kept| kept.resource != token.resource && kept.is_usable(now));
        self.access_tokens.push(token);
    }
}

/// All that a store holds: a program can be signed in at several tenants and apps.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct SignIns(Vec<Credentials>);

impl SignIns {
    /// Without what is of another version, or cannot be read.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let values: Vec<Value> = serde_json::from_slice(bytes).unwrap_or_default();
        let parsed = values.into_iter().filter_map(|value| serde_json::from_value(value).ok());
        Self(parsed.filter(|credentials: &Credentials| credentials.version == VERSION).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The credentials for an app of a tenant, taken out.
    pub(crate) fn take(&mut self, issuer: &str, app_id: &str) -> Option<Credentials> {
        let position = self.0.iter().position(|one| one.is_for(issuer, app_id))?;
        Some(self.0.remove(position))
    }

    /// Stores credentials in place of those for the same app.
    pub(crate) fn put(&mut self, credentials: Credentials) {
        self.take(&credentials.issuer, &credentials.app_id);
        self.0.push(credentials);
    }

    /// At most `max_bytes`; the oldest access tokens are left out first.
    pub(crate) fn into_bytes(mut self, max_bytes: usize) -> Result<Vec<u8>, Error> {
        loop {
            let bytes = serde_json::to_vec(&self).map_err(|error| {
                Error::with_source(ErrorKind::Internal, "the credentials cannot be written", error)
            })?;
            if bytes.len() <= max_bytes {
                return Ok(bytes);
            }
            let tokens = self.0.iter_mut().map(|one| &mut one.access_tokens);
            let Some(tokens) = tokens.into_iter().find(|tokens| !tokens.is_empty()) else {
                let why = "the credentials do not fit into their store";
                return Err(Error::new(ErrorKind::Store, why));
            };
            tokens.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let user = User { sub: "s".to_owned(), name: None, username: None, email: None };
        Credentials::new("i", "a", user, "refresh".to_owned())
    }

    fn token(resource: &str, expires_at: u64) -> AccessToken {
        let token = format!("token for {resource}");
        AccessToken { resource: Some(resource.to_owned()), token, scope: String::new(), expires_at }
    }

    #[test]
    fn a_token_is_kept_until_shortly_before_its_end() {
        let mut credentials = credentials();
        credentials.keep(token("a", 1000), 0);
        credentials.keep(token("b", 100), 0);
        assert!(credentials.usable("b", 60).is_some());
        assert!(credentials.usable("b", 80).is_none());
        assert!(credentials.usable("c", 0).is_none());
        credentials.keep(token("c", 1000), 80);
        assert_eq!(credentials.access_tokens.len(), 2, "one that has ended makes room");
    }

    #[test]
    fn what_does_not_fit_is_left_out_oldest_first() {
        let mut credentials = credentials();
        credentials.keep(token("a", 1000), 0);
        credentials.keep(token("b", 1000), 0);
        let bytes = |max_bytes| SignIns(vec![credentials.clone()]).into_bytes(max_bytes);
        let all = bytes(usize::MAX).unwrap();
        let fewer = SignIns::parse(&bytes(all.len() - 1).unwrap()).take("i", "a").unwrap();
        assert!(fewer.usable("a", 0).is_none() && fewer.usable("b", 0).is_some());
        assert_eq!(bytes(10).unwrap_err().kind(), ErrorKind::Store);
    }

    #[test]
    fn credentials_of_several_apps_stay_apart() {
        let mut sign_ins = SignIns(Vec::new());
        let other_app = Credentials { app_id: "b".to_owned(), ..credentials() };
        let other_tenant = Credentials { issuer: "j".to_owned(), ..credentials() };
        let old = Credentials { version: 0, app_id: "c".to_owned(), ..credentials() };
        for one in [credentials(), other_app, other_tenant, old, credentials()] {
            sign_ins.put(one);
        }
        let mut read = SignIns::parse(&sign_ins.into_bytes(usize::MAX).unwrap());
        for (issuer, app_id, is_there) in [
            ("i", "a", true),
            ("i", "a", false),
            ("i", "b", true),
            ("j", "b", false),
            ("i", "c", false),
            ("j", "a", true),
        ] {
            assert_eq!(read.take(issuer, app_id).is_some(), is_there, "{issuer} {app_id}");
        }
        assert!(read.is_empty() && SignIns::parse(b"{}").is_empty());
    }
}
