//! Linked accounts of users, and their stored tokens.

use std::time::SystemTime;

use secrecy::SecretString;
use serde::Deserialize;

use crate::secrets::NewSecret;
use crate::time::{optional_millis, optional_unix_seconds};
use crate::{Error, Identity, Users};

/// An account at another provider, and what Logto keeps to act there.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management};
///
/// /// Whether the app can call Hugging Face for this user without asking them again.
/// async fn can_call(management: &Management, user: &str) -> Result<bool, Error> {
///     match management.users().identity(user, "huggingface").await {
///         Ok(account) => Ok(account.token_secret.is_some_and(|it| it.metadata.has_refresh_token)),
///         Err(error) if error.is_not_found() => Ok(false),
///         Err(error) => Err(error),
///     }
/// }
/// ```
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
///
/// # Example
///
/// ```
/// use logto_management::IdentityWithToken;
///
/// /// What a page about the user's linked account says.
/// fn describe(account: &IdentityWithToken) -> String {
///     match &account.token_secret {
///         Some(secret) => format!("this app may: {}", secret.metadata.scope.as_deref().unwrap_or("")),
///         None => "this app may do nothing there".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TokenSecret {
    /// The details.
    pub metadata: TokenMetadata,
}

/// The details of a stored token.
///
/// # Example
///
/// ```
/// use logto_management::TokenMetadata;
///
/// fn may_infer(token: &TokenMetadata) -> bool {
///     let mut scopes = token.scope.iter().flat_map(|scopes| scopes.split(' '));
///     scopes.any(|scope| scope == "inference-api")
/// }
/// ```
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

/// A personal access token, with which scripts of a user get tokens by exchange.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use logto_management::{Error, Management, PersonalAccessToken};
///
/// /// For a page of your app where users make tokens for their scripts.
/// async fn create(
///     management: &Management,
///     user: &str,
///     name: &str,
/// ) -> Result<PersonalAccessToken, Error> {
///     let in_ninety_days = SystemTime::now() + Duration::from_secs(90 * 24 * 3600);
///     management.users().create_personal_access_token(user, name, Some(in_ninety_days)).await
/// }
///
/// /// For a user who lost a computer.
/// async fn delete_all(management: &Management, user: &str) -> Result<(), Error> {
///     let users = management.users();
///     for token in users.personal_access_tokens(user).await? {
///         users.delete_personal_access_token(user, &token.name).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PersonalAccessToken {
    /// The name, unique for the user.
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
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Moves a linked account from one user to another, for a user who made two.
    /// async fn move_account(management: &Management, from: &str, to: &str) -> Result<(), Error> {
    ///     let users = management.users();
    ///     let account = users.identity(from, "github").await?.identity;
    ///     users.delete_identity(from, "github").await?;
    ///     users.set_identity(to, "github", &account).await
    /// }
    /// ```
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
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management, PersonalAccessToken};
    ///
    /// /// For a form with a name. `None` if the user has a token of that name.
    /// async fn create(
    ///     management: &Management,
    ///     user: &str,
    ///     name: &str,
    /// ) -> Result<Option<PersonalAccessToken>, Error> {
    ///     match management.users().create_personal_access_token(user, name, None).await {
    ///         Err(error) if error.status() == Some(422) => Ok(None),
    ///         outcome => outcome.map(Some),
    ///     }
    /// }
    /// ```
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
