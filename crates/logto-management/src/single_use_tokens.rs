//! One-time tokens (magic links) and subject tokens (impersonation).

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::{millis, optional_seconds, seconds};
use crate::{Error, Management};

/// A token with which an application gets tokens of a user by exchange (RFC 8693).
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, SubjectToken};
/// use serde_json::Map;
///
/// /// For `logto::m2m::SubjectToken::Impersonation`. The reason stands in Logto's log.
/// async fn impersonate(
///     management: &Management,
///     user: &str,
///     why: &str,
/// ) -> Result<SubjectToken, Error> {
///     let context = Map::from_iter([("reason".to_owned(), why.into())]);
///     management.create_subject_token(user, &context).await
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubjectToken {
    /// The token, `sub_…`.
    pub subject_token: SecretString,
    /// How long it is valid; Logto gives ten minutes.
    #[serde(with = "seconds")]
    pub expires_in: Duration,
}

/// A token that signs in the owner of an e-mail address.
///
/// # Example
///
/// ```
/// use logto_management::{Management, NewOneTimeToken};
/// use secrecy::ExposeSecret;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let new = NewOneTimeToken::new("dave@example.com").with_organizations(["wpmklpcc20gc"]);
/// let made = management.create_one_time_token(&new).await?;
/// let token = made.token.expose_secret();
/// let link = format!("https://app.example.com/magic?email={}&token={token}", made.email);
/// // It went to the wrong address.
/// management.revoke_one_time_token(&made.id).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OneTimeToken {
    /// The id within the Management API.
    pub id: String,
    /// The address.
    pub email: String,
    /// The token, for the link.
    pub token: SecretString,
    /// When it ends.
    #[serde(with = "millis")]
    pub expires_at: SystemTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewSubjectToken<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: &'a Map<String, Value>,
}

/// A one-time token to make.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use logto_management::NewOneTimeToken;
///
/// let for_an_hour = NewOneTimeToken::new("dave@example.com").with_expires_in(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOneTimeToken {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_seconds")]
    expires_in: Option<Duration>,
    context: OneTimeTokenContext,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct OneTimeTokenContext {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jit_organization_ids: Vec<String>,
}

impl NewOneTimeToken {
    /// A token for the owner of an address, valid for ten minutes. Logto does not check whether it
    /// is an address.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: email.into(), expires_in: None, context: OneTimeTokenContext::default() }
    }

    /// How long it is valid, in whole seconds, at least one.
    #[must_use]
    pub fn with_expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// The organizations that a new user joins, by their ids: one whom this token registers. It
    /// changes nothing for a user who has an account already, and Logto passes over unknown ids.
    #[must_use]
    pub fn with_organizations<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.context.jit_organization_ids = ids.into_iter().map(Into::into).collect();
        self
    }
}

impl Management {
    /// Makes a token with which an application gets tokens of a user. `context` is for Logto's
    /// log and for your custom claims.
    ///
    /// # Errors
    ///
    /// If no user has that id.
    ///
    /// # Example
    ///
    /// ```
    /// use secrecy::ExposeSecret;
    /// use serde_json::Map;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// # let mut dave = logto_management::NewUser::default();
    /// # dave.username = Some("dave".to_owned());
    /// # let user = management.users().create(&dave).await?;
    /// let context = Map::from_iter([("ticket".to_owned(), "4711".into())]);
    /// let made = management.create_subject_token(&user.id, &context).await?;
    /// // The next step is `logto::m2m::MachineApp::exchange`.
    /// assert!(made.subject_token.expose_secret().starts_with("sub_"));
    /// assert_eq!(made.expires_in.as_secs(), 600);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_subject_token(
        &self,
        user_id: &str,
        context: &Map<String, Value>,
    ) -> Result<SubjectToken, Error> {
        let body = NewSubjectToken { user_id, context };
        self.post(&["subject-tokens"]).json(&body).send().await
    }

    /// Makes a token that signs in the owner of an e-mail address once. If they have no account,
    /// the token registers them, where sign-up by e-mail address is on. Several tokens for one
    /// address are good at the same time.
    ///
    /// # Errors
    ///
    /// `guard.invalid_input` for a life of no seconds.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto_management::NewOneTimeToken;
    /// use secrecy::ExposeSecret;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let new = NewOneTimeToken::new("dave@example.com").with_expires_in(Duration::from_secs(3600));
    /// let made = management.create_one_time_token(&new).await?;
    /// // Your app hands both to `logto::SignInOptions::with_one_time_token`.
    /// let (email, token) = (&made.email, made.token.expose_secret());
    /// println!("mail to {email}: https://app.example.com/magic?email={email}&token={token}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_one_time_token(
        &self,
        new: &NewOneTimeToken,
    ) -> Result<OneTimeToken, Error> {
        self.post(&["one-time-tokens"]).json(new).send().await
    }

    /// Takes a token back. `id` is the [id](OneTimeToken::id), not the token.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// The user asked for another link. The old one may have been used or have expired.
    /// async fn revoke(management: &Management, id: &str) -> Result<(), Error> {
    ///     match management.revoke_one_time_token(id).await {
    ///         Err(error) if !error.is_not_found() => Err(error),
    ///         _ => Ok(()),
    ///     }
    /// }
    /// ```
    pub async fn revoke_one_time_token(&self, id: &str) -> Result<OneTimeToken, Error> {
        let body = serde_json::json!({ "status": "revoked" });
        self.put(&["one-time-tokens", id, "status"]).json(&body).send().await
    }
}
