//! `ErrorKind`: what an error is about.

/// The kinds of [`Error`](crate::Error).
///
/// # Example
///
/// ```
/// use logto::ErrorKind;
/// use logto::web::User;
///
/// async fn token(user: &User) -> Result<Option<String>, logto::Error> {
///     match user.organization_token("wpmklpcc20gc").await {
///         Ok(token) => Ok(Some(token.as_str().to_owned())),
///         Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(None),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Logto could not be reached in time, or answered that it cannot serve (408, 429 or
    /// 5xx). The session is untouched and the same call may work later.
    Unreachable,
    /// Logto understood the request and refused it; see
    /// [`Error::response`](crate::Error::response).
    Refused,
    /// Logto answered with something that is not what the protocol says.
    InvalidResponse,
    /// A token failed verification.
    InvalidToken,
    /// The request brought no access token.
    MissingToken,
    /// The access token is genuine and does not permit the request.
    Forbidden,
    /// The browser came back with a callback that does not belong to a sign-in of this browser, or
    /// that was used before.
    InvalidCallback,
    /// The user cancelled at Logto, or was denied access there.
    Cancelled,
    /// The caller asked for something that cannot be sent.
    InvalidRequest,
    /// There is no session, or it has ended: the user has to sign in.
    SignInRequired,
    /// The session is larger than 128 KiB without its access tokens; the error names the largest
    /// claim, or the refresh token if that is larger.
    SessionTooLarge,
    /// The session store is unavailable. No user was signed out, and the same call may work
    /// later.
    StoreUnavailable,
    /// Logto does not give this user the token that was asked for: they are not a member of the
    /// organization, or may not use the application.
    AccessDenied,
    /// Logto does not accept the app's id or secret: the secret is wrong or has expired, or the app
    /// was deleted. An operator has to act.
    InvalidClient,
    /// The app's [sign-in hook](crate::LogtoConfig::with_sign_in_hook) does not let the user in.
    SignInRefused,
    /// Another user came back from Logto than the sign-in was
    /// [meant for](crate::SignInOptions::with_expected_email).
    WrongUser,
    /// The app's [sign-in hook](crate::LogtoConfig::with_sign_in_hook) failed; no one was signed
    /// in.
    SignInHookFailed,
    /// The call needs a scope, an API resource, or a connector that is not configured.
    /// The message names it. A developer or an operator has to act.
    NotConfigured,
    /// Something failed in this process that no input causes: the system gave no random bytes, the
    /// HTTP client could not be set up.
    Internal,
}

impl ErrorKind {
    /// The label under which errors of this kind are counted.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::InvalidResponse => "invalid_response",
            Self::InvalidToken => "invalid_token",
            Self::MissingToken => "missing_token",
            Self::Forbidden => "forbidden",
            Self::InvalidCallback => "invalid_callback",
            Self::Cancelled => "cancelled",
            Self::InvalidRequest => "invalid_request",
            Self::SignInRequired => "sign_in_required",
            Self::SessionTooLarge => "session_too_large",
            Self::StoreUnavailable => "store_unavailable",
            Self::AccessDenied => "access_denied",
            Self::InvalidClient => "invalid_client",
            Self::SignInRefused => "sign_in_refused",
            Self::WrongUser => "wrong_user",
            Self::SignInHookFailed => "sign_in_hook_failed",
            Self::NotConfigured => "not_configured",
            Self::Internal => "internal",
        }
    }
}
