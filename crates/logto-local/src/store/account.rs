//! What users did with their own accounts: verifications, and accounts elsewhere.

use serde_json::{Value, json};

use super::Store;

/// A verification record of a user.
#[derive(Clone, Default)]
pub(crate) struct Verification {
    pub(crate) user: String,
    pub(crate) expires_ms: u64,
    /// Whether it says who the user is.
    pub(crate) identifies: bool,
    /// An address, and the code that was sent to it.
    pub(crate) code: Option<(String, String)>,
    /// `state` and scope of a trip to another service.
    pub(crate) leg: Option<(String, String)>,
    /// What the trip brought.
    pub(crate) linked: Option<Linked>,
}

/// An account at Hugging Face that a user proved to be theirs.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) connector: String,
    /// The handle of the user whose account it is there.
    pub(crate) account: String,
    pub(crate) token: String,
    pub(crate) scope: String,
}

impl Store {
    /// Whether a user can prove who they are: by password or by a code.
    pub(crate) fn has_verification_method(&self, handle: &str) -> bool {
        let has_password = self.accounts.get(handle).is_some_and(|one| one.has_password);
        let user = self.user(handle);
        has_password || user.is_some_and(|user| user.claimed_email().is_some())
    }

    /// Whose user an account at Hugging Face signs in, if it signs one in.
    pub(crate) fn owner_of(&self, account: &str) -> Option<String> {
        if let Some(owner) = self.links.get(account) {
            return Some(owner.clone());
        }
        (self.accounts.contains_key(account) && self.hugging_face_of(account).is_some())
            .then(|| account.to_owned())
    }

    /// The account at Hugging Face that is linked to a user, by its handle.
    pub(crate) fn hugging_face_of(&self, handle: &str) -> Option<String> {
        let mut links = self.links.iter();
        if let Some((account, _)) = links.find(|(_, owner)| *owner == handle) {
            return Some(account.clone());
        }
        let own = self.user(handle).is_some_and(|user| user.has_hugging_face());
        (own && !self.unlinked.contains(handle)).then(|| handle.to_owned())
    }

    pub(crate) fn link(&mut self, handle: &str, account: &str) {
        self.unlink(handle);
        self.links.insert(account.to_owned(), handle.to_owned());
    }

    pub(crate) fn unlink(&mut self, handle: &str) {
        self.links.retain(|_, owner| owner != handle);
        self.unlinked.insert(handle.to_owned());
    }

    /// What Logto keeps of the linked account.
    pub(crate) fn identities(&self, handle: &str, endpoint: &str) -> Value {
        let account = self.hugging_face_of(handle);
        let user = account.and_then(|account| self.user(&account));
        user.map_or_else(|| json!({}), |user| user.identities(endpoint))
    }

    pub(crate) fn avatar_of(&self, handle: &str, endpoint: &str) -> Option<String> {
        let changed = self.accounts.get(handle).and_then(|account| account.avatar.clone());
        let at_first = || self.user(handle).and_then(|user| user.picture_url(endpoint));
        changed.unwrap_or_else(at_first)
    }
}
