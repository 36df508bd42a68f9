//! The `prompt` of an authorization request.

/// What Logto shows before it sends the user back. Logto knows no other values.
///
/// # Example
///
/// ```
/// use logto::{Prompt, SignInOptions};
///
/// // Logto's sign-in page, also for a user who is signed in there.
/// let again = SignInOptions::new().with_prompt(Prompt::LoginConsent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// Sign in unless already signed in at Logto; gives a refresh token. For an application of
    /// your own no page is shown for the consent.
    #[default]
    Consent,
    /// Sign in again, even if already signed in at Logto; gives a refresh token.
    LoginConsent,
    /// Sign in again; gives **no** refresh token.
    Login,
    /// Show nothing: fails with `login_required` if not signed in at Logto; gives **no** refresh
    /// token.
    None,
}

impl Prompt {
    pub(crate) const ALL: [Self; 4] = [Self::Consent, Self::LoginConsent, Self::Login, Self::None];

    /// The value of the parameter.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::LoginConsent => "login consent",
            Self::Login => "login",
            Self::None => "none",
        }
    }

    /// The same with Logto's sign-in page, also for a user who is signed in there.
    pub(crate) fn with_login(self) -> Self {
        match self {
            Self::Consent | Self::LoginConsent => Self::LoginConsent,
            Self::Login | Self::None => Self::Login,
        }
    }

    /// Whether Logto shows its sign-in page, also to a user who is signed in there.
    pub(crate) fn includes_login(self) -> bool {
        matches!(self, Self::Login | Self::LoginConsent)
    }

    /// Whether Logto will honour `offline_access`.
    pub(crate) fn includes_consent(self) -> bool {
        matches!(self, Self::Consent | Self::LoginConsent)
    }
}
