//! The profile of an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Account;
use crate::error::Error;
use crate::http::Verb;
use crate::oidc::claims::{Identity, lenient};

/// The path of the account.
pub(super) const ACCOUNT: &str = "my-account";

/// An account as Logto shows it to its owner. What the account center or the scopes of the session
/// leave out is `None` or empty; so is what the user has not set.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// async fn settings(user: &User) -> Result<String, logto::Error> {
///     let profile = user.account().fetch().await?;
///     let name = profile.username.as_deref().unwrap_or("no user name yet");
///     let password = if profile.has_password == Some(true) { "Change" } else { "Set" };
///     Ok(format!("{name}, {} linked accounts, {password} password", profile.identities.len()))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct AccountProfile {
    /// The user's id in Logto.
    pub id: String,
    /// User name; unique in the tenant.
    #[serde(deserialize_with = "lenient")]
    pub username: Option<String>,
    /// E-mail address; needs the scope `email`.
    #[serde(deserialize_with = "lenient")]
    pub primary_email: Option<String>,
    /// Phone number; needs the scope `phone`.
    #[serde(deserialize_with = "lenient")]
    pub primary_phone: Option<String>,
    /// Full name.
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Address of the picture.
    #[serde(deserialize_with = "lenient")]
    pub avatar: Option<String>,
    /// What the tenant keeps about the user; needs the scope `custom_data`.
    #[serde(deserialize_with = "lenient")]
    pub custom_data: Map<String, Value>,
    /// Linked accounts by the target of their connector; needs the scope `identities`.
    #[serde(deserialize_with = "lenient")]
    pub identities: BTreeMap<String, Identity>,
    /// Standard claims.
    #[serde(deserialize_with = "lenient")]
    pub profile: ProfileDetails,
    /// Whether the user has a password.
    #[serde(deserialize_with = "lenient")]
    pub has_password: Option<bool>,
    /// Whether the user can [verify](Account::verify_password) who they are. Where it is
    /// `false`, Logto 1.43 asks for no verification.
    #[serde(deserialize_with = "lenient")]
    pub has_security_verification_method: Option<bool>,
}

/// Standard claims of a profile (OpenID Connect Core, section 5.1). Of an update, `None` stays as
/// it is.
///
/// # Example
///
/// ```
/// use logto::web::{ProfileDetails, User};
///
/// async fn set_time_zone(user: &User, zone: &str) -> Result<ProfileDetails, logto::Error> {
///     let mut change = ProfileDetails::default();
///     change.zoneinfo = Some(zone.to_owned());
///     user.account().update_details(&change).await
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProfileDetails {
    /// Family name.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Given name.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Middle name.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The name the user wants to be called by.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Address of the user's profile page.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Address of the user's own site.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Gender.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Birthday.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// Time zone, for example `Europe/Paris`.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// Locale, as BCP 47 tag.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// What changes in an account. What is not named stays as it is.
///
/// # Example
///
/// ```
/// use logto::web::{AccountUpdate, User};
///
/// async fn rename(user: &User, name: &str) -> Result<(), logto::Error> {
///     user.account().update(&AccountUpdate::new().with_name(Some(name))).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Value>,
    #[serde(rename = "customData", skip_serializing_if = "Option::is_none")]
    custom_data: Option<Map<String, Value>>,
}

impl AccountUpdate {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The full name; `None` removes it.
    #[must_use]
    pub fn with_name(mut self, name: Option<&str>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The address of the picture, a URL; `None` removes it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::AccountUpdate;
    ///
    /// # fn main() -> Result<(), serde_json::Error> {
    /// let update = AccountUpdate::new().with_name(Some("Alice")).with_avatar(None);
    /// // What is not named stays as it is.
    /// assert_eq!(serde_json::to_string(&update)?, r#"{"name":"Alice","avatar":null}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_avatar(mut self, url: Option<&str>) -> Self {
        self.avatar = Some(url.into());
        self
    }

    /// The user name; `None` removes it. It needs a [verification](Account::with_verification).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Account, AccountUpdate};
    ///
    /// async fn rename(account: Account, password: &str, name: &str) -> Result<(), logto::Error> {
    ///     let verification = account.verify_password(password).await?;
    ///     let update = AccountUpdate::new().with_username(Some(name));
    ///     account.with_verification(verification).update(&update).await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn with_username(mut self, name: Option<&str>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// The custom data, in place of all that is there; needs the scope `custom_data`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Account, AccountUpdate};
    ///
    /// /// Adds to what is there.
    /// async fn set_theme(account: &Account, theme: &str) -> Result<(), logto::Error> {
    ///     let mut data = account.fetch().await?.custom_data;
    ///     data.insert("theme".to_owned(), theme.into());
    ///     account.update(&AccountUpdate::new().with_custom_data(data)).await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn with_custom_data(mut self, data: Map<String, Value>) -> Self {
        self.custom_data = Some(data);
        self
    }
}

impl Account {
    /// The account as Logto has it now.
    ///
    /// # Errors
    ///
    /// As [`Context::access_token`](crate::web::Context::access_token), and
    /// [`NotEnabled`](crate::AccountProblem::NotEnabled).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Account;
    ///
    /// /// The services that the user has linked.
    /// async fn linked(account: &Account) -> Result<Vec<String>, logto::Error> {
    ///     Ok(account.fetch().await?.identities.into_keys().collect())
    /// }
    /// ```
    pub async fn fetch(&self) -> Result<AccountProfile, Error> {
        self.ask(Verb::Get, &[ACCOUNT], None::<&()>).await
    }

    /// Changes the account, and returns it. The claims of the session stay as they are until its
    /// tokens are renewed: see [`TokenRequest::refreshed`](crate::TokenRequest::refreshed).
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and [`UsernameTaken`](crate::AccountProblem::UsernameTaken),
    /// [`InvalidInput`](crate::AccountProblem::InvalidInput), also where nothing changes,
    /// [`FieldNotEditable`](crate::AccountProblem::FieldNotEditable),
    /// [`VerificationRequired`](crate::AccountProblem::VerificationRequired) for the user name.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccountProblem;
    /// use logto::web::{Account, AccountUpdate};
    ///
    /// async fn save(account: &Account, update: &AccountUpdate) -> Result<&'static str, logto::Error> {
    ///     let problem = match account.update(update).await {
    ///         Ok(_) => return Ok("Saved."),
    ///         Err(error) => error.account_problem().ok_or(error)?,
    ///     };
    ///     Ok(match problem {
    ///         AccountProblem::UsernameTaken => "Another user has this user name.",
    ///         AccountProblem::VerificationRequired => "Please enter your password first.",
    ///         _ => "This cannot be changed.",
    ///     })
    /// }
    /// ```
    pub async fn update(&self, update: &AccountUpdate) -> Result<AccountProfile, Error> {
        self.ask(Verb::Patch, &[ACCOUNT], Some(update)).await
    }

    /// Changes standard claims, and returns all of them.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Account, ProfileDetails};
    ///
    /// async fn set_locale(account: &Account, locale: &str) -> Result<Option<String>, logto::Error> {
    ///     let mut change = ProfileDetails::default();
    ///     change.locale = Some(locale.to_owned());
    ///     Ok(account.update_details(&change).await?.locale)
    /// }
    /// ```
    pub async fn update_details(&self, details: &ProfileDetails) -> Result<ProfileDetails, Error> {
        self.ask(Verb::Patch, &[ACCOUNT, "profile"], Some(details)).await
    }
}
