//! The parameters that Logto adds to an authorization request, and their values.

/// The page of Logto that a sign-in begins with.
///
/// # Example
///
/// ```
/// use logto::{FirstScreen, SignInOptions};
///
/// let sign_up = SignInOptions::new().with_first_screen(FirstScreen::Register);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirstScreen {
    /// The sign-in page.
    SignIn,
    /// The registration page.
    Register,
    /// The page for a forgotten password.
    ResetPassword,
    /// Sign-in with the identifiers of [`with_identifiers`] only.
    ///
    /// [`with_identifiers`]: super::SignInOptions::with_identifiers
    IdentifierSignIn,
    /// Registration with the identifiers of [`with_identifiers`] only.
    ///
    /// [`with_identifiers`]: super::SignInOptions::with_identifiers
    IdentifierRegister,
    /// Enterprise single sign-on.
    SingleSignOn,
}

impl FirstScreen {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
            Self::IdentifierSignIn => "identifier:sign_in",
            Self::IdentifierRegister => "identifier:register",
            Self::SingleSignOn => "single_sign_on",
        }
    }
}

/// Logto's older way to choose the first page.
///
/// # Example
///
/// ```
/// use logto::{InteractionMode, SignInOptions};
///
/// let sign_up = SignInOptions::new().with_interaction_mode(InteractionMode::SignUp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InteractionMode {
    /// The sign-in page.
    SignIn,
    /// The registration page.
    SignUp,
}

impl InteractionMode {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::SignIn => "signIn",
            Self::SignUp => "signUp",
        }
    }
}

/// What a user may identify with on the `Identifier…` first screens.
///
/// # Example
///
/// ```
/// use logto::{FirstScreen, Identifier, SignInOptions};
///
/// let by_email = SignInOptions::new()
///     .with_first_screen(FirstScreen::IdentifierSignIn)
///     .with_identifiers([Identifier::Email]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identifier {
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// User name.
    Username,
}

impl Identifier {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Username => "username",
        }
    }
}

/// Skips Logto's page and goes straight to another service.
///
/// # Example
///
/// ```
/// use logto::{DirectSignIn, SignInOptions};
///
/// let github = SignInOptions::new().with_direct_sign_in(DirectSignIn::Social("github".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectSignIn {
    /// A social connector, by its target.
    Social(String),
    /// An enterprise connector, by its id.
    Sso(String),
}

impl DirectSignIn {
    /// Straight to Hugging Face.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::DirectSignIn;
    ///
    /// assert_eq!(DirectSignIn::hugging_face(), DirectSignIn::Social("huggingface".to_owned()));
    /// ```
    #[must_use]
    pub fn hugging_face() -> Self {
        Self::Social("huggingface".to_owned())
    }

    pub(crate) fn value(&self) -> String {
        match self {
            Self::Social(target) => format!("social:{target}"),
            Self::Sso(connector) => format!("sso:{connector}"),
        }
    }
}
