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
    pub async fn unlink(&self, target: &str) -> Result<(), Error> {
        self.needs_scope(scope::IDENTITIES, "linked accounts")?;
        let path = [ACCOUNT, "identities", target];
        self.call(Verb::Delete, &path, None, None::<&()>).await.map(drop)
    }
}
