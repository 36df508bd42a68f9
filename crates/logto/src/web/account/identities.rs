//! Accounts elsewhere that are linked.

use super::Account;
use super::profile::ACCOUNT;
use crate::config::scope;
use crate::error::Error;
use crate::http::Verb;

impl Account {
    /// Unlinks the account at a social connector, by its target, for example `github`. It needs the
    /// scope `identities` and a [verification](Self::with_verification). Linking is
    /// [`begin_link`](Self::begin_link).
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and [`NotLinked`](crate::AccountProblem::NotLinked),
    /// [`LastSignInMethod`](crate::AccountProblem::LastSignInMethod),
    /// [`VerificationRequired`](crate::AccountProblem::VerificationRequired).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccountProblem;
    /// use logto::web::{Account, Verification};
    ///
    /// /// `proof` is the id of a verification, from a hidden field of the form.
    /// async fn unlink(account: Account, proof: &str) -> Result<&'static str, logto::Error> {
    ///     let account = account.with_verification(Verification::from_id(proof));
    ///     match account.unlink("github").await {
    ///         Ok(()) => Ok("Your GitHub account is not linked any more."),
    ///         Err(error) if error.account_problem() == Some(AccountProblem::LastSignInMethod) => {
    ///             Ok("Set a password first: you could not sign in any more.")
    ///         }
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    pub async fn unlink(&self, target: &str) -> Result<(), Error> {
        self.needs_scope(scope::IDENTITIES, "linked accounts")?;
        let path = [ACCOUNT, "identities", target];
        self.call(Verb::Delete, &path, None, None::<&()>).await.map(drop)
    }
}
