//! Why Logto's Account API refused something.

use super::Error;

/// Why Logto's [Account API](crate::web::Account) refused something; from
/// [`Error::account_problem`].
///
/// # Example
///
/// ```
/// use logto::AccountProblem;
/// use logto::web::{LogtoSession, User};
///
/// async fn sessions(user: &User) -> Result<Option<Vec<LogtoSession>>, logto::Error> {
///     match user.account().sessions().await {
///         Ok(sessions) => Ok(Some(sessions)),
///         // Show a form for the password or a code.
///         Err(error) if error.account_problem() == Some(AccountProblem::VerificationRequired) => Ok(None),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountProblem {
    /// The tenant's account center is off, as it is at first.
    NotEnabled,
    /// The account center does not show the field.
    FieldNotEnabled,
    /// The account center does not let users change the field.
    FieldNotEditable,
    /// The session began without the scope that this needs, or the app's access token is not
    /// accepted.
    MissingScope,
    /// The app belongs to a third party, which changes nothing of an account.
    ThirdParty,
    /// The user has to say again who they are: there is no
    /// [verification](crate::web::Verification), or it ended, or it is another user's.
    VerificationRequired,
    /// There is no such verification record, or it ended, or is not complete.
    VerificationNotFound,
    /// The password is wrong.
    WrongPassword,
    /// The code is wrong or too old.
    WrongCode,
    /// After too many wrong passwords or codes Logto takes none for a while.
    TooManyAttempts,
    /// The tenant has no connector to send a code with.
    CannotSend,
    /// What was sent is not valid, or changes nothing.
    InvalidInput,
    /// Another user has this user name.
    UsernameTaken,
    /// No account of that service is linked.
    NotLinked,
    /// The account is linked to another user, or one of that service is linked already.
    IdentityInUse,
    /// Another account of the same service is linked.
    OtherIdentity,
    /// The user could not sign in any more.
    LastSignInMethod,
    /// The connector keeps no tokens.
    TokenNotKept,
    /// There is no such connector.
    NoSuchConnector,
    /// The other service did not say whose account it is.
    ConnectorFailed,
    /// There is no such session.
    SessionNotFound,
    /// There is no such grant.
    GrantNotFound,
}

impl AccountProblem {
    /// By Logto's own code: the status does not tell these apart.
    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "account_center.not_enabled" => Self::NotEnabled,
            "account_center.field_not_enabled" => Self::FieldNotEnabled,
            "account_center.field_not_editable" => Self::FieldNotEditable,
            "auth.unauthorized" | "auth.forbidden" => Self::MissingScope,
            "auth.third_party_application_forbidden" => Self::ThirdParty,
            "verification_record.permission_denied" => Self::VerificationRequired,
            "verification_record.not_found" => Self::VerificationNotFound,
            "session.invalid_credentials" => Self::WrongPassword,
            "session.verification_blocked_too_many_attempts" => Self::TooManyAttempts,
            "guard.invalid_input" | "entity.invalid_input" => Self::InvalidInput,
            "user.username_already_in_use" => Self::UsernameTaken,
            "user.identity_not_exist" => Self::NotLinked,
            "user.identity_already_in_use" => Self::IdentityInUse,
            "user.identity_not_exists_in_current_user" => Self::OtherIdentity,
            "user.last_sign_in_method_required" => Self::LastSignInMethod,
            "verification_record.social_verification.token_response_not_found" => {
                Self::TokenNotKept
            }
            "session.invalid_connector_id" => Self::NoSuchConnector,
            "oidc.session_not_found" => Self::SessionNotFound,
            "oidc.invalid_grant" => Self::GrantNotFound,
            "connector.not_found" => Self::CannotSend,
            _ if code.starts_with("verification_code.") => Self::WrongCode,
            _ if code.starts_with("connector.") => Self::ConnectorFailed,
            _ => return None,
        })
    }

    /// Whether the user can resolve this, with other input or a verification for example. Such
    /// errors are not logged as faults.
    pub(crate) fn is_user_error(self) -> bool {
        use AccountProblem as Problem;
        matches!(
            self,
            Problem::VerificationRequired
                | Problem::VerificationNotFound
                | Problem::WrongPassword
                | Problem::WrongCode
                | Problem::TooManyAttempts
                | Problem::InvalidInput
                | Problem::UsernameTaken
                | Problem::NotLinked
                | Problem::IdentityInUse
                | Problem::OtherIdentity
                | Problem::LastSignInMethod
                | Problem::SessionNotFound
                | Problem::GrantNotFound
        )
    }
}

impl Error {
    /// Why Logto's Account API refused something; `None` of other errors.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{AccountProblem, Error};
    ///
    /// /// What a form says beside its field.
    /// fn hint(error: &Error) -> &'static str {
    ///     match error.account_problem() {
    ///         Some(AccountProblem::WrongPassword) => "This is not your password.",
    ///         Some(AccountProblem::WrongCode) => "This is not the code, or it is too old.",
    ///         Some(AccountProblem::TooManyAttempts) => "Please try again later.",
    ///         _ => "This did not work.",
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn account_problem(&self) -> Option<AccountProblem> {
        self.response()?.error().and_then(AccountProblem::from_code)
    }
}
