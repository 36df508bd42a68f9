//! What a user sees and changes of their own account at Logto (Account API).

mod identities;
mod link;
mod page;
mod profile;
mod sessions;
mod verification;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Connector, ConnectorAccess, Context, User};
use crate::error::{AccountProblem, Error, ErrorKind};
use crate::http::{AccountRequest, Verb};

pub use page::AccountPage;
pub use profile::{AccountProfile, AccountUpdate, ProfileDetails};
pub use sessions::{LogtoGrant, LogtoSession, RevokeGrants};
pub use verification::{SentCode, Verification};

/// A user's account at Logto, through its Account API: profile, linked accounts and their tokens,
/// sessions, and grants. From [`User::account`].
///
/// The tenant's account center has to be switched on, and says which fields users see and change.
/// Errors are of kind [`Refused`](ErrorKind::Refused), and [`Error::account_problem`] says which of
/// these it was. Sessions, grants, linked accounts, and the user name need a
/// [verification](Self::with_verification) by password or code.
///
/// # Example
///
/// ```
/// use logto::web::{AccountUpdate, User};
///
/// # async fn example(user: User) -> Result<(), logto::Error> {
/// let account = user.account();
/// let profile = account.fetch().await?;
/// println!("{:?} has {} linked accounts", profile.name, profile.identities.len());
/// account.update(&AccountUpdate::new().with_name(Some("Alice"))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Account {
    context: Context,
    verification: Option<Verification>,
}

impl User {
    /// The user's account at Logto.
    #[must_use]
    pub fn account(&self) -> Account {
        Account { context: self.context().clone(), verification: None }
    }
}

impl Account {
    /// The account with a proof that the user is who they were, for calls that need one: see
    /// [`verify_password`](Self::verify_password) and [`send_email_code`](Self::send_email_code).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{LogtoGrant, User, Verification};
    ///
    /// /// The page carries the id of the verification in a hidden field.
    /// async fn apps(user: &User, proof: &str) -> Result<Vec<LogtoGrant>, logto::Error> {
    ///     user.account().with_verification(Verification::from_id(proof)).grants().await
    /// }
    /// ```
    #[must_use]
    pub fn with_verification(self, verification: Verification) -> Self {
        Self { verification: Some(verification), ..self }
    }

    /// The user's token at another service: see [`Context::connector_token`].
    ///
    /// # Errors
    ///
    /// Those of [`Context::connector_token`].
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{ConnectorAccess, User};
    ///
    /// /// On a page of linked accounts: whether the app has to ask the user for GitHub again.
    /// async fn needs_github(user: &User) -> Result<bool, logto::Error> {
    ///     let access = user.account().connector_token("github").await?;
    ///     Ok(!matches!(access, ConnectorAccess::Token(_)))
    /// }
    /// ```
    pub async fn connector_token(
        &self,
        connector: impl Into<Connector>,
    ) -> Result<ConnectorAccess, Error> {
        self.context.connector_token(connector).await
    }

    /// Asks, and reads the answer.
    async fn ask<T: DeserializeOwned>(
        &self,
        verb: Verb,
        path: &[&str],
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Error> {
        let answer = self.call(verb, path, None, body).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            let what = "the answer of the Account API";
            self.failed(Error::malformed(ErrorKind::InvalidResponse, what, &error))
        })
    }

    /// Asks below `/api`, with the user's opaque token.
    async fn call(
        &self,
        verb: Verb,
        path: &[&str],
        query: Option<(&str, &str)>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Vec<u8>, Error> {
        let engine = self.context.engine();
        let mut url = engine.settings.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(path);
        }
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let body = body.map(serde_json::to_vec).transpose().map_err(|error| {
            Error::malformed(ErrorKind::InvalidRequest, "what was to be sent", &error)
        })?;
        let verification = self.verification.as_ref().map(|one| one.id().to_owned());
        let asked = self.context.tokens().with_opaque_token(|token| {
            let (http, url) = (Arc::clone(&engine.http), url.clone());
            let (body, verification) = (body.clone(), verification.clone());
            async move {
                let request = AccountRequest { verb, url: &url, verification, body };
                http.account(request, token.as_str()).await
            }
        });
        asked.await.map_err(|error| self.failed(error))
    }

    /// Refuses what cannot succeed for want of a scope in the configuration.
    fn needs_scope(&self, scope: &str, what: &str) -> Result<(), Error> {
        let scopes = &self.context.engine().settings.scopes;
        if scopes.iter().any(|one| one == scope) {
            return Ok(());
        }
        let why = format!("{what} need the scope {scope}");
        Err(self.failed(Error::new(ErrorKind::NotConfigured, why)))
    }

    /// The error with the answer that this request gets for it, logged unless the user is why.
    fn failed(&self, error: Error) -> Error {
        match error.account_problem().is_some_and(AccountProblem::is_user_error) {
            true => self.context.answered(error),
            false => self.context.failed("account", error),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("verification", &self.verification).finish_non_exhaustive()
    }
}
