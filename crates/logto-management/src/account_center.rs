//! The account center: what users may do with their own account.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, Management};

/// The calls about the account center; see [`Management::account_center`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
/// use serde_json::json;
///
/// async fn switch_on(management: &Management) -> Result<(), Error> {
///     management.account_center().update(&json!({ "enabled": true })).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AccountCenter<'a>(&'a Management);

/// What users may do with their own account.
///
/// # Example
///
/// ```
/// use logto_management::AccountCenterSettings;
///
/// fn may_change_name(settings: &AccountCenterSettings) -> bool {
///     settings.enabled && settings.fields.get("name").is_some_and(|access| access == "Edit")
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// assert!(!may_change_name(&management.account_center().get().await?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AccountCenterSettings {
    /// Whether the Account API answers at all; off in a new tenant.
    pub enabled: bool,
    /// `Off`, `ReadOnly` or `Edit` by field; a field that is not there is off.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

impl Management {
    /// The calls about the account center. See [`AccountCenter`] for an example.
    #[must_use]
    pub fn account_center(&self) -> AccountCenter<'_> {
        AccountCenter(self)
    }
}

impl AccountCenter<'_> {
    /// What users may do now.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    pub async fn get(&self) -> Result<AccountCenterSettings, Error> {
        self.0.get(&["account-center"]).send().await
    }

    /// Changes the members that `changes`, an object, has.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
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
    /// // Users may see their address, and change their name.
    /// let changes = json!({ "enabled": true, "fields": { "email": "ReadOnly", "name": "Edit" } });
    /// let settings = management.account_center().update(&changes).await?;
    /// assert!(settings.enabled && settings.fields["name"] == "Edit");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(&self, changes: &impl Serialize) -> Result<AccountCenterSettings, Error> {
        self.0.patch(&["account-center"]).json(changes).send().await
    }
}
