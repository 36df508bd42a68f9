//! Users.

use std::collections::BTreeMap;
use std::time::SystemTime;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::secrets::expose;
use crate::time::optional_millis;
use crate::{Error, Management, Pages, Role};

/// The calls about users; see [`Management::users`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn suspend_all(management: &Management, pattern: &str) -> Result<(), Error> {
///     let users = management.users();
///     for user in users.search(pattern).all().await? {
///         users.set_suspended(&user.id, true).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Users<'a>(pub(crate) &'a Management);

/// An account at another provider. It is a snapshot of the first sign-in, and never renewed.
///
/// # Example
///
/// ```
/// use logto_management::User;
///
/// /// The user name at Hugging Face, as of the first sign-in.
/// fn hugging_face_name(user: &User) -> Option<&str> {
///     let identity = user.identities.get("huggingface")?;
///     identity.details.get("rawData")?.get("preferred_username")?.as_str()
/// }
/// # fn main() -> Result<(), serde_json::Error> {
/// # let json = r#"{"id":"8s8claa1vi9z","identities":{"huggingface":{"userId":"62a1","details":
/// #     {"rawData":{"preferred_username":"alice-hf"}}}}}"#;
/// # let user: User = serde_json::from_str(json)?;
/// assert_eq!(hugging_face_name(&user), Some("alice-hf"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Identity {
    /// The id there.
    pub user_id: String,
    /// What the provider said; of Hugging Face, `rawData` has organizations and user name.
    #[serde(default)]
    pub details: Map<String, Value>,
}

/// A user of the tenant.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use logto_management::{Error, Management};
///
/// const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
///
/// /// Who has not signed in for a year.
/// async fn asleep(management: &Management, now: SystemTime) -> Result<Vec<String>, Error> {
///     let users = management.users().list().all().await?;
///     let is_asleep = |at: SystemTime| now.duration_since(at).is_ok_and(|for_time| for_time > YEAR);
///     let asleep = users.into_iter().filter(|user| user.last_sign_in_at.is_some_and(is_asleep));
///     Ok(asleep.map(|user| user.id).collect())
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The user id, which is `sub` in tokens.
    pub id: String,
    /// The name to sign in with.
    pub username: Option<String>,
    /// The e-mail address.
    pub primary_email: Option<String>,
    /// The phone number.
    pub primary_phone: Option<String>,
    /// The name to call them by.
    pub name: Option<String>,
    /// The address of their picture.
    pub avatar: Option<String>,
    /// What your apps keep about them.
    #[serde(default)]
    pub custom_data: Map<String, Value>,
    /// Their accounts at other providers, by target.
    #[serde(default)]
    pub identities: BTreeMap<String, Identity>,
    /// When they last signed in.
    #[serde(default, with = "optional_millis")]
    pub last_sign_in_at: Option<SystemTime>,
    /// When the account was made.
    #[serde(default, with = "optional_millis")]
    pub created_at: Option<SystemTime>,
    /// The application that they first came from.
    pub application_id: Option<String>,
    /// Whether they are locked out.
    #[serde(default)]
    pub is_suspended: bool,
}

/// An account to create.
///
/// # Example
///
/// ```
/// use logto_management::NewUser;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// let mut dave = NewUser::default();
/// dave.username = Some("dave".to_owned());
/// dave.password = Some("a long pass phrase".into());
/// let created = management.users().create(&dave).await?;
/// assert_eq!(management.users().get(&created.id).await?.username.as_deref(), Some("dave"));
///
/// // A name can be taken once.
/// let again = management.users().create(&dave).await.map_err(|error| error.code().map(str::to_owned));
/// assert_eq!(again.err().flatten().as_deref(), Some("user.username_already_in_use"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewUser {
    /// The name to sign in with: letters, digits and underscores, not beginning with a digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub password: Option<SecretString>,
    /// The name to call them by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_email: Option<String>,
}

/// What to change of an account. What is not named stays as it is.
///
/// # Example
///
/// ```
/// use logto_management::{Error, Management, UserChanges};
///
/// async fn rename(management: &Management, id: &str, name: &str) -> Result<(), Error> {
///     management.users().update(id, &UserChanges::new().with_name(Some(name))).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_email: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_phone: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<Value>,
}

impl UserChanges {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The name to sign in with; `None` removes it.
    #[must_use]
    pub fn with_username(mut self, name: Option<&str>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// The name to call them by; `None` removes it.
    #[must_use]
    pub fn with_name(mut self, name: Option<&str>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The e-mail address; `None` removes it.
    #[must_use]
    pub fn with_primary_email(mut self, address: Option<&str>) -> Self {
        self.primary_email = Some(address.into());
        self
    }

    /// The phone number, digits alone; `None` removes it.
    #[must_use]
    pub fn with_primary_phone(mut self, number: Option<&str>) -> Self {
        self.primary_phone = Some(number.into());
        self
    }

    /// The address of their picture; `None` removes it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::UserChanges;
    ///
    /// # fn main() -> Result<(), serde_json::Error> {
    /// let changes = UserChanges::new().with_name(Some("Alice")).with_avatar(None);
    /// // What is not named stays as it is.
    /// assert_eq!(serde_json::to_string(&changes)?, r#"{"name":"Alice","avatar":null}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_avatar(mut self, url: Option<&str>) -> Self {
        self.avatar = Some(url.into());
        self
    }
}

impl Management {
    /// The calls about users. See [`Users`] for an example.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl Users<'_> {
    /// Every user.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let mut users = management.users().list();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{}: {}", user.id, user.name.as_deref().unwrap_or("no name"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Pages<User> {
        self.0.get(&["users"]).pages()
    }

    /// Users who have the text in name, e-mail address, phone number, user name or id; `%` stands
    /// for anything, as in SQL.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// # let mut dave = logto_management::NewUser::default();
    /// # dave.primary_email = Some("dave@example.com".to_owned());
    /// # management.users().create(&dave).await?;
    /// // Every user with an address of this domain.
    /// let found = management.users().search("%@example.com").all().await?;
    /// assert!(found.iter().any(|user| user.primary_email.as_deref() == Some("dave@example.com")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, pattern: &str) -> Pages<User> {
        self.0.get(&["users"]).query("search", pattern).pages()
    }

    /// One user.
    ///
    /// # Errors
    ///
    /// A 404 if no user has that id.
    pub async fn get(&self, id: &str) -> Result<User, Error> {
        self.0.get(&["users", id]).send().await
    }

    /// Creates an account.
    ///
    /// # Errors
    ///
    /// `user.username_already_in_use` and the like; `guard.invalid_input` for a name that may not
    /// be.
    pub async fn create(&self, new: &NewUser) -> Result<User, Error> {
        self.0.post(&["users"]).json(new).send().await
    }

    /// Changes an account.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management, User, UserChanges};
    ///
    /// /// Takes over what another system knows about a user.
    /// async fn import(management: &Management, id: &str, picture: &str) -> Result<User, Error> {
    ///     management.users().update(id, &UserChanges::new().with_avatar(Some(picture))).await
    /// }
    /// ```
    pub async fn update(&self, id: &str, to: &UserChanges) -> Result<User, Error> {
        self.0.patch(&["users", id]).json(to).send().await
    }

    /// Deletes an account.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// # let mut dave = logto_management::NewUser::default();
    /// # dave.username = Some("dave".to_owned());
    /// # let id = management.users().create(&dave).await?.id;
    /// let users = management.users();
    /// users.delete(&id).await?;
    /// assert!(users.get(&id).await.is_err_and(|error| error.is_not_found()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.0.delete(&["users", id]).done().await
    }

    /// Suspends a user or lifts that. Their sessions and tokens end at once, but no
    /// back-channel logout is sent: an app notices when it next renews a token.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    /// use logto_management::Management;
    ///
    /// /// Locks a user out, of this app at once.
    /// async fn lock_out(
    ///     management: &Management,
    ///     logto: &Logto,
    ///     id: &str,
    /// ) -> Result<(), Box<dyn std::error::Error>> {
    ///     management.users().set_suspended(id, true).await?;
    ///     logto.sign_out_everywhere(id).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn set_suspended(&self, id: &str, suspended: bool) -> Result<User, Error> {
        let request = self.0.patch(&["users", id, "is-suspended"]);
        request.json(&json!({ "isSuspended": suspended })).send().await
    }

    /// The custom data that your apps keep about a user.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn custom_data(&self, id: &str) -> Result<Map<String, Value>, Error> {
        self.0.get(&["users", id, "custom-data"]).send().await
    }

    /// Merges members into the custom data of a user, and answers with all of it.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde_json::{Map, Value};
    ///
    /// /// Counts in the custom data; its other members stay.
    /// async fn count(management: &Management, id: &str) -> Result<Map<String, Value>, Error> {
    ///     let users = management.users();
    ///     let visits = users.custom_data(id).await?.get("visits").and_then(Value::as_u64).unwrap_or(0);
    ///     let members = Map::from_iter([("visits".to_owned(), (visits + 1).into())]);
    ///     users.update_custom_data(id, &members).await
    /// }
    /// ```
    pub async fn update_custom_data(
        &self,
        id: &str,
        members: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let request = self.0.patch(&["users", id, "custom-data"]);
        request.json(&json!({ "customData": members })).send().await
    }

    /// The roles of a user.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Whether a user has a role now, whatever their tokens say.
    /// async fn has_role(management: &Management, id: &str, name: &str) -> Result<bool, Error> {
    ///     let roles = management.users().roles(id).all().await?;
    ///     Ok(roles.iter().any(|role| role.name == name))
    /// }
    /// ```
    pub fn roles(&self, id: &str) -> Pages<Role> {
        self.0.get(&["users", id, "roles"]).pages()
    }

    /// Assigns roles to a user; those they have already are no error.
    ///
    /// # Errors
    ///
    /// `user.role_exists` before Logto 1.42 for a role that they have; a 404 for unknown ids.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Swaps a role for another.
    /// async fn promote(management: &Management, id: &str, from: &str, to: &str) -> Result<(), Error> {
    ///     let users = management.users();
    ///     users.add_roles(id, &[to]).await?;
    ///     users.remove_role(id, from).await
    /// }
    /// ```
    pub async fn add_roles(&self, id: &str, role_ids: &[&str]) -> Result<(), Error> {
        let request = self.0.post(&["users", id, "roles"]);
        request.json(&json!({ "roleIds": role_ids })).done().await
    }

    /// Removes a role from a user.
    ///
    /// # Errors
    ///
    /// A 404 if they do not have it.
    pub async fn remove_role(&self, id: &str, role_id: &str) -> Result<(), Error> {
        self.0.delete(&["users", id, "roles", role_id]).done().await
    }
}
