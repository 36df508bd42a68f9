//! Signing keys, and the claims of ID tokens.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::time::unix_seconds;
use crate::{Error, Management};

/// The calls about signing keys and ID tokens; see [`Management::configs`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn send_organizations(management: &Management) -> Result<(), Error> {
///     management.configs().set_id_token_claims(&["organizations", "roles"]).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Configs<'a>(&'a Management);

/// A key that tokens are or were signed with.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, SigningKeyAlgorithm, SigningKeyStatus};
///
/// /// For a job that runs each month: tokens of the last month's key ended long ago.
/// async fn rotate(management: &Management) -> Result<(), Error> {
///     let configs = management.configs();
///     for key in configs.signing_keys().await? {
///         if key.status == Some(SigningKeyStatus::Previous) {
///             configs.delete_signing_key(&key.id).await?;
///         }
///     }
///     configs.rotate_signing_key(SigningKeyAlgorithm::Ec).await?;
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// # rotate(&management).await?;
/// # assert_eq!(management.configs().signing_keys().await?.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SigningKey {
    /// The id within the Management API, which is not the `kid` of tokens.
    pub id: String,
    /// When it was made.
    #[serde(with = "unix_seconds")]
    pub created_at: SystemTime,
    /// Its algorithm.
    pub signing_key_algorithm: SigningKeyAlgorithm,
    /// What it is used for; Logto before 1.42 does not say.
    pub status: Option<SigningKeyStatus>,
}

/// The algorithm of a signing key.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, SigningKeyAlgorithm};
///
/// /// For an API whose library knows RS256 only.
/// async fn sign_with_rsa(management: &Management) -> Result<(), Error> {
///     let keys = management.configs().signing_keys().await?;
///     if keys.iter().all(|key| key.signing_key_algorithm != SigningKeyAlgorithm::Rsa) {
///         management.configs().rotate_signing_key(SigningKeyAlgorithm::Rsa).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SigningKeyAlgorithm {
    /// Elliptic curve P-384: tokens have `ES384`.
    #[serde(rename = "EC")]
    Ec,
    /// RSA: tokens have `RS256`.
    #[serde(rename = "RSA")]
    Rsa,
    /// An algorithm that this version of the crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// What a signing key is used for.
///
/// # Example
///
/// ```
/// use logto_management::{SigningKey, SigningKeyStatus};
///
/// /// Whether tokens of this key still come in, but no new ones.
/// fn is_retired(key: &SigningKey) -> bool {
///     key.status == Some(SigningKeyStatus::Previous)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum SigningKeyStatus {
    /// It signs after a grace period.
    Next,
    /// It signs.
    Current,
    /// Only tokens of the past have it.
    Previous,
    /// A status that this version of the crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// The claims that ID tokens have in addition to the standard ones.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let configs = management.configs();
/// // Adds one to those that are on.
/// let mut claims = configs.id_token_claims().await?.enabled_extended_claims;
/// claims.push("roles".to_owned());
/// let claims: Vec<_> = claims.iter().map(String::as_str).collect();
/// let now = configs.set_id_token_claims(&claims).await?;
/// assert!(now.enabled_extended_claims.iter().any(|claim| claim == "roles"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IdTokenClaimsSettings {
    /// Of `custom_data`, `identities`, `sso_identities`, `roles`, `organizations`,
    /// `organization_data` and `organization_roles`, those that are on.
    pub enabled_extended_claims: Vec<String>,
}

impl Management {
    /// The calls about signing keys and ID tokens. See [`Configs`] for an example.
    #[must_use]
    pub fn configs(&self) -> Configs<'_> {
        Configs(self)
    }
}

impl Configs<'_> {
    /// The signing keys, the current one first.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let path = ["configs", "oidc", "private-keys"];
        self.0.get(&path).send().await
    }

    /// Makes a new key the current one and answers with all of them.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn rotate_signing_key(
        &self,
        algorithm: SigningKeyAlgorithm,
    ) -> Result<Vec<SigningKey>, Error> {
        let request = self.0.post(&["configs", "oidc", "private-keys", "rotate"]);
        let body = json!({ "signingKeyAlgorithm": algorithm });
        request.json(&body).send().await
    }

    /// Deletes a previous key: tokens that it signed can no longer be verified.
    ///
    /// # Errors
    ///
    /// `oidc.only_previous_key_can_be_deleted` for the current one.
    pub async fn delete_signing_key(&self, id: &str) -> Result<(), Error> {
        let path = ["configs", "oidc", "private-keys", id];
        self.0.delete(&path).done().await
    }

    /// The claims that ID tokens have in addition.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn id_token_claims(&self) -> Result<IdTokenClaimsSettings, Error> {
        self.0.get(&["configs", "id-token"]).send().await
    }

    /// Replaces the claims that ID tokens have in addition.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn set_id_token_claims(
        &self,
        claims: &[&str],
    ) -> Result<IdTokenClaimsSettings, Error> {
        let body = json!({ "enabledExtendedClaims": claims });
        let request = self.0.put(&["configs", "id-token"]);
        request.json(&body).send().await
    }
}
