//! The stored credentials of a sign-in.

use serde::{Deserialize, Serialize};

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

    /// `None` if they are of another version, tenant or app.
    pub(crate) fn parse(bytes: &[u8], issuer: &str, app_id: &str) -> Option<Self> {
        let credentials: Self = serde_json::from_slice(bytes).ok()?;
        let is_ours = credentials.version == VERSION
            && credentials.issuer == issuer
            && credentials.app_id == app_id;
        is_ours.then_some(credentials)
    }

    /// At most `max_bytes`; the oldest access tokens are left out first.
    pub(crate) fn to_bytes(&self, max_bytes: usize) -> Result<Vec<u8>, Error> {
        let mut kept = self.clone();
        loop {
            let bytes = serde_json::to_vec(&kept).map_err(|error| {
                Error::with_source(ErrorKind::Internal, "the credentials cannot be written", error)
            })?;
            if bytes.len() <= max_bytes {
                return Ok(bytes);
            }
            if kept.access_tokens.is_empty() {
                let why = "the credentials do not fit into their store";
                return Err(Error::new(ErrorKind::Store, why));
            }
            kept.access_tokens.remove(0);
        }
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
        let all = credentials.to_bytes(usize::MAX).unwrap();
        let fewer = credentials.to_bytes(all.len() - 1).unwrap();
        let fewer = Credentials::parse(&fewer, "i", "a").unwrap();
        assert!(fewer.usable("a", 0).is_none() && fewer.usable("b", 0).is_some());
        assert_eq!(credentials.to_bytes(10).unwrap_err().kind(), ErrorKind::Store);
    }

    #[test]
    fn credentials_of_another_app_are_none() {
        let bytes = credentials().to_bytes(usize::MAX).unwrap();
        assert!(Credentials::parse(&bytes, "i", "a").is_some());
        assert!(Credentials::parse(&bytes, "i", "b").is_none());
        assert!(Credentials::parse(&bytes, "j", "a").is_none());
        assert!(Credentials::parse(b"{}", "i", "a").is_none());
    }
}
