//! Proofs that a user is still who signed in: verification records of the Account API.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::Account;
use crate::error::Error;
use crate::http::Verb;

const RECORDS: &str = "verifications";
const BY_CODE: &str = "verification-code";

/// That a user has proved who they are, for ten minutes and any number of calls. It is good for
/// calls of this user alone, so a page may carry its [id](Self::id) in a hidden field from one
/// request to the next.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// async fn confirmed(user: &User, password: &str) -> Result<(), logto::Error> {
///     let account = user.account();
///     let verification = account.verify_password(password).await?;
///     let grants = account.with_verification(verification).grants().await?;
///     println!("{} apps", grants.len());
///     Ok(())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Verification(String);

impl Verification {
    /// Restores a verification from the ID that a page kept, for example in a hidden field.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Verification;
    ///
    /// // One request puts it into a hidden field, the next reads it there.
    /// let verification = Verification::from_id("the value of the hidden field");
    /// assert_eq!(verification.id(), "the value of the hidden field");
    /// ```
    #[must_use]
    pub fn from_id(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id, for a page to carry along.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }
}

/// Without the id.
impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verification").finish_non_exhaustive()
    }
}

/// A code that is on its way to an address. A page may carry its [id](Self::id) along; the address
/// too.
///
/// # Example
///
/// ```
/// use logto::web::{Account, SentCode, Verification};
///
/// /// Mails a code. The page keeps both values for its form.
/// async fn begin(account: &Account) -> Result<Option<(String, String)>, logto::Error> {
///     let Some(email) = account.fetch().await?.primary_email else { return Ok(None) };
///     let sent = account.send_email_code(&email).await?;
///     Ok(Some((sent.id().to_owned(), sent.email().to_owned())))
/// }
///
/// /// The form comes back with what the user typed.
/// async fn finish(
///     account: &Account,
///     (id, email): (&str, &str),
///     code: &str,
/// ) -> Result<Verification, logto::Error> {
///     account.verify_email_code(&SentCode::from_parts(id, email), code).await
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SentCode {
    id: String,
    email: String,
}

impl SentCode {
    /// Restores a sent code from the ID and the address that a page kept.
    #[must_use]
    pub fn from_parts(id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { id: id.into(), email: email.into() }
    }

    /// The id, for a page to carry along.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the code went.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }
}

/// Without id and address.
impl fmt::Debug for SentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentCode").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    verification_record_id: String,
}

impl Account {
    /// Verifies the user by their password at Logto.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and [`WrongPassword`](crate::AccountProblem::WrongPassword),
    /// which counts for Logto's lock.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccountProblem;
    /// use logto::web::{User, Verification};
    ///
    /// /// `None` if the password is wrong: the page asks once more.
    /// async fn verify(user: &User, password: &str) -> Result<Option<Verification>, logto::Error> {
    ///     match user.account().verify_password(password).await {
    ///         Ok(verification) => Ok(Some(verification)),
    ///         Err(error) if error.account_problem() == Some(AccountProblem::WrongPassword) => Ok(None),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    pub async fn verify_password(&self, password: &str) -> Result<Verification, Error> {
        let body = json!({ "password": password });
        let record: Record = self.ask(Verb::Post, &[RECORDS, "password"], Some(&body)).await?;
        Ok(Verification(record.verification_record_id))
    }

    /// Has Logto mail a code to an address. It verifies the user only if the address is their
    /// own: take it from [`fetch`](Self::fetch), not from a form.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and [`CannotSend`](crate::AccountProblem::CannotSend). The
    /// eleventh mail to one address is [`Unreachable`](crate::ErrorKind::Unreachable) (429).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{SentCode, User};
    ///
    /// /// For users without a password. `None` if Logto has no address of them either.
    /// async fn send(user: &User) -> Result<Option<SentCode>, logto::Error> {
    ///     let account = user.account();
    ///     match account.fetch().await?.primary_email {
    ///         Some(email) => account.send_email_code(&email).await.map(Some),
    ///         None => Ok(None),
    ///     }
    /// }
    /// ```
    pub async fn send_email_code(&self, email: &str) -> Result<SentCode, Error> {
        let body = json!({ "identifier": identifier(email) });
        let record: Record = self.ask(Verb::Post, &[RECORDS, BY_CODE], Some(&body)).await?;
        Ok(SentCode { id: record.verification_record_id, email: email.to_owned() })
    }

    /// Verifies the user by a code that they read in their mail.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and [`WrongCode`](crate::AccountProblem::WrongCode),
    /// [`VerificationNotFound`](crate::AccountProblem::VerificationNotFound) after ten minutes.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Account, AccountUpdate, SentCode};
    ///
    /// /// The user typed the code, and their new user name.
    /// async fn rename(account: Account, sent: &SentCode, code: &str, name: &str) -> Result<(), logto::Error> {
    ///     let verification = account.verify_email_code(sent, code).await?;
    ///     let update = AccountUpdate::new().with_username(Some(name));
    ///     account.with_verification(verification).update(&update).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn verify_email_code(
        &self,
        sent: &SentCode,
        code: &str,
    ) -> Result<Verification, Error> {
        let body = json!({
            "identifier": identifier(&sent.email), "verificationId": sent.id, "code": code,
        });
        let path = [RECORDS, BY_CODE, "verify"];
        let record: Record = self.ask(Verb::Post, &path, Some(&body)).await?;
        Ok(Verification(record.verification_record_id))
    }
}

fn identifier(email: &str) -> serde_json::Value {
    json!({ "type": "email", "value": email })
}
