//! The sign-in experience.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, Management};

/// The calls about the sign-in experience; see [`Management::sign_in_experience`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn show(management: &Management) -> Result<(), Error> {
///     println!("{:?}", management.sign_in_experience().get().await?);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SignInExperience<'a>(&'a Management);

/// What users see when they sign in, as far as this crate knows it.
///
/// # Example
///
/// ```
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// // Adds a button behind those that are there.
/// let experience = management.sign_in_experience();
/// let mut targets = experience.get().await?.social_sign_in_connector_targets;
/// targets.push("github".to_owned());
/// let now = experience.update(&json!({ "socialSignInConnectorTargets": targets })).await?;
/// // No connector has the target: Logto leaves it out without a word.
/// assert!(!now.social_sign_in_connector_targets.contains(&"github".to_owned()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignInExperienceSettings {
    /// The buttons for other providers, by target, in order.
    pub social_sign_in_connector_targets: Vec<String>,
    /// What happens to users who come by such a button.
    pub social_sign_in: SocialSignIn,
    /// What new users have to give.
    pub sign_up: SignUp,
    /// `SignInAndRegister`, `SignIn` or `Register`.
    pub sign_in_mode: String,
    /// Where Logto sends a browser that comes to a page of the sign-in without one being under way:
    /// by a bookmark, or in one of several tabs. Without it there is an error page of Logto.
    #[serde(default)]
    pub unknown_session_redirect_url: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What new users have to give.
///
/// # Example
///
/// ```
/// use logto_management::SignInExperienceSettings;
///
/// /// Whether users from Hugging Face get in without a further page.
/// fn is_one_click(settings: &SignInExperienceSettings) -> bool {
///     settings.sign_up.identifiers.is_empty()
///         || settings.social_sign_in.skip_required_identifiers == Some(true)
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SignUp {
    /// `username`, `email`, `phone`.
    pub identifiers: Vec<String>,
}

/// What happens to users who come by a button of another provider. A change replaces all of it:
/// start from what is there.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management};
/// use serde_json::json;
///
/// /// Lets new users in without a user name; the rest of the object stays.
/// async fn skip_user_name(management: &Management) -> Result<(), Error> {
///     let experience = management.sign_in_experience();
///     let mut social = experience.get().await?.social_sign_in;
///     social.skip_required_identifiers = Some(true);
///     experience.update(&json!({ "socialSignIn": social })).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SocialSignIn {
    /// Whether an account with the same e-mail address is taken without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic_account_linking: Option<bool>,
    /// Whether new users are let in without a user name, e-mail address or phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_required_identifiers: Option<bool>,
    /// Whatever else Logto keeps here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Management {
    /// The calls about the sign-in experience. See [`SignInExperience`] for an example.
    #[must_use]
    pub fn sign_in_experience(&self) -> SignInExperience<'_> {
        SignInExperience(self)
    }
}

impl SignInExperience<'_> {
    /// What users see now.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn get(&self) -> Result<SignInExperienceSettings, Error> {
        self.0.get(&["sign-in-exp"]).send().await
    }

    /// Changes the members that `changes`, an object, has. Each is replaced as a whole; Logto
    /// leaves targets out that no connector has, without a word.
    ///
    /// # Errors
    ///
    /// `sign_in_experiences.enabled_connector_not_found` if a setting needs a connector that is not
    /// there.
    ///
    /// # Example
    ///
    /// ```
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// // Only users who have an account get in.
    /// let experience = management.sign_in_experience();
    /// let settings = experience.update(&json!({ "signInMode": "SignIn" })).await?;
    /// assert_eq!(settings.sign_in_mode, "SignIn");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(
        &self,
        changes: &impl Serialize,
    ) -> Result<SignInExperienceSettings, Error> {
        self.0.patch(&["sign-in-exp"]).json(changes).send().await
    }
}
