//! The Hugging Face tokens that the tenant stores for users.

use std::collections::HashMap;

/// Hugging Face's tokens live eight hours.
pub(crate) const TOKEN_LIFE: u64 = 8 * 3600;

/// At most one token for each user, by their handle.
#[derive(Default)]
pub(crate) struct Vault(HashMap<String, KeptToken>);

pub(crate) struct KeptToken {
    /// The handle of the account at Hugging Face.
    pub(crate) account: String,
    /// The id of the connector that it came through.
    pub(crate) connector: String,
    pub(crate) token: String,
    pub(crate) scope: String,
    pub(crate) expires: u64,
}

impl Vault {
    pub(crate) fn keep(&mut self, user: &str, token: KeptToken) {
        self.0.insert(user.to_owned(), token);
    }

    pub(crate) fn get(&self, user: &str, connector: &str) -> Option<&KeptToken> {
        let kept = self.0.get(user);
        kept.filter(|kept| kept.connector == connector)
    }

    pub(crate) fn forget(&mut self, user: &str) {
        self.0.remove(user);
    }

    pub(crate) fn forget_connector(&mut self, connector: &str) {
        self.0.retain(|_, kept| kept.connector != connector);
    }

    /// Whose token this is, as Hugging Face knows.
    pub(crate) fn owner(&self, token: &str, now: u64) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|(_, kept)| kept.token == token && kept.expires > now);
        found.map(|(_, kept)| kept.account.as_str())
    }
}
