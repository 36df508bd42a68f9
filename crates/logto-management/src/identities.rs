//! Linked accounts of users, and their stored tokens.

use std::time::SystemTime;

use secrecy::SecretString;
use serde::Deserialize;

use crate::secrets::NewSecret;
use crate::time::{optional_millis, optional_unix_seconds};
use crate::{Error, Identity, Users};

/// An account at another provider, and what Logto keeps to act there.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IdentityWithToken {
    /// The account.
    pub identity: Identity,
    /// What is known of the stored token, never the token itself; `None` if none is stored.
    pub token_secret: Option<TokenSecret>,
}

/// What is known of a stored token.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TokenSecret {
    /// The details.
    pub metadata: TokenMetadata,
}

/// The details of a stored token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TokenMetadata {
    /// What it permits there, separated by spaces.
    pub scope: Option<String>,
    /// When it ends.
    #[serde(default, with = "optional_unix_seconds")]
    pub expires_at: Option<SystemTime>,
    /// Whether Logto can renew it.
    #[serde(default)]
    pub has_refresh_token: bool,
}

/// A personal access token, with which scripts of a person get tokens by exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PersonalAccessToken {
    /// The name, unique for the person.
    pub name: String,
    /// The token, `pat_…`.
    pub value: SecretString,
    /// When it ends; `None` is never.
    #[serde(default, with = "optional_millis")]
    pub expires_at: Option<SystemTime>,
}

impl Users<'_> {
    /// A user's account at another provider, by target, and whether a token is stored for it.
    ///
    /// # Errors
    ///
    /// A 404 if they have none there.
    pub async fn identity(&self, id: &str, target: &str) -> Result<IdentityWithToken, Error> {
        let request = self.0.get(&["users", id, "identities", target]);
        request.query("includeTokenSecret", "true").send().await
    }

    /// Links or replaces a user's account at another provider.
    ///
    /// # Errors
    ///
    /// A 422 if the account there is linked to another user.
    pub async fn set_identity(
        &self,
        id: &str,
        target: &str,
        identity: &Identity,
    ) -> Result<(), Error> {
        let request = self.0.put(&["users", id, "identities", target]);
        request.json(identity).done().await
    }

    /// Unlinks a user's account at another provider; tokens stored for it are deleted.
    ///
    /// # Errors
    ///
    /// A 404 if they have none there.
    pub async fn delete_identity(&self, id: &str, target: &str) -> Result<(), Error> {
        let path = ["users", id, "identities", target];
        self.0.delete(&path).done().await
    }

    /// The personal access tokens of a user.
    ///
    /// # Errors
    ///
    /// A 404 if no user has that id.
    pub async fn personal_access_tokens(
        &self,
        id: &str,
    ) -> Result<Vec<PersonalAccessToken>, Error> {
        let path = ["users", id, "personal-access-tokens"];
        self.0.get(&path).send().await
    }

    /// Makes a personal access token, which ends at `expires_at` if that is given.
    ///
    /// # Errors
    ///
    /// A 422 if the name is taken.
    pub async fn create_personal_access_token(
        &self,
        id: &str,
        name: &str,
        expires_at: Option<SystemTime>,
    ) -> Result<PersonalAccessToken, Error> {
        let request = self.0.post(&["users", id, "personal-access-tokens"]);
        request.json(&NewSecret { name, expires_at }).send().await
    }

    /// Deletes a personal access token by its name.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that name.
    pub async fn delete_personal_access_token(&self, id: &str, name: &str) -> Result<(), Error> {
        let path = ["users", id, "personal-access-tokens", name];
        self.0.delete(&path).done().await
    }
}
