//! `SignInOptions`.

mod request;
mod values;

use std::fmt;
use std::time::Duration;

use super::ExpectedUser;
use crate::config::Prompt;

pub use values::{DirectSignIn, FirstScreen, Identifier, InteractionMode};

const ONE_TIME_TOKEN: &str = "one_time_token";
const LOGIN_HINT: &str = "login_hint";

/// Which of the configured API resources a sign-in asks for. Logto refuses the whole sign-in for
/// one that it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Resources {
    /// All but those that are known to be unknown.
    #[default]
    All,
    /// The same, after each was asked for alone.
    Tried,
    /// None, after that was refused too.
    None,
}

/// The options of one sign-in; everything left out follows the configuration.
///
/// A user who is signed in at Logto comes back as who they are, and sees none of its pages. Then
/// [first screen](Self::with_first_screen), [identifiers](Self::with_identifiers),
/// [login hint](Self::with_login_hint), and [direct sign-in](Self::with_direct_sign_in) have no
/// effect, unless the [prompt](Self::with_prompt) has a login.
/// [`with_expected_email`](Self::with_expected_email),
/// [`with_expected_user`](Self::with_expected_user), and
/// [`with_one_time_token`](Self::with_one_time_token) ask for that, and the callback sees that the
/// right user came.
///
/// # Example
///
/// ```
/// use logto::{DirectSignIn, SignInOptions};
///
/// let straight_to_hugging_face = SignInOptions::new()
///     .with_direct_sign_in(DirectSignIn::hugging_face())
///     .with_post_redirect_uri("/profile");
/// ```
#[derive(Clone, Default)]
pub struct SignInOptions {
    pub(crate) redirect_uri: Option<String>,
    pub(crate) post_redirect_uri: Option<String>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) no_offline_access: bool,
    pub(crate) resources: Resources,
    /// In seconds.
    pub(crate) max_age: Option<u64>,
    pub(crate) expected: Option<ExpectedUser>,
    /// Whether to try it without a page.
    pub(crate) is_silent: bool,
    /// Whether it follows one without a page, to get consent: its failure is not shown either.
    pub(crate) is_after_silent: bool,
    pub(crate) parameters: Vec<(String, String)>,
}

/// Names only: a one-time token signs a user in.
impl fmt::Debug for SignInOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.parameters.iter().map(|(name, _)| name);
        f.debug_struct("SignInOptions")
            .field("parameters", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl SignInOptions {
    /// A sign-in as configured.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another address of this app for Logto to send the user back to, as a path
    /// (`/login/done`) or a full URL below the base URL. It must be registered in Logto, and
    /// whatever serves it must hand the request to
    /// [`handle_sign_in_callback`](crate::web::Context::handle_sign_in_callback). Default: the
    /// SDK's own callback route.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    ///
    /// // `/login/done` calls `handle_sign_in_callback`.
    /// let options = SignInOptions::new().with_redirect_uri("/login/done");
    /// ```
    #[must_use]
    pub fn with_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// The page of this app to show after signing in, as a path or a full URL of the same origin;
    /// anything else is refused. Default: the configured page.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    /// use logto::web::{Context, Reply};
    ///
    /// // GET /cart/checkout, where a user has to be signed in
    /// async fn checkout(context: &Context) -> Result<Reply, logto::Error> {
    ///     context.sign_in(SignInOptions::new().with_post_redirect_uri("/cart/checkout")).await
    /// }
    /// ```
    #[must_use]
    pub fn with_post_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_redirect_uri = Some(uri.into());
        self
    }

    /// What Logto shows; see [`Prompt`].
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Prompt, SignInOptions};
    ///
    /// // “Use another account”: Logto shows its sign-in page in any case.
    /// let other_account = SignInOptions::new().with_prompt(Prompt::LoginConsent);
    /// ```
    #[must_use]
    pub fn with_prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Asks for no refresh token this time; needed for a [`Prompt`] without consent.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Prompt, SignInOptions};
    ///
    /// // A look at who it is: no refresh token, and the password once more.
    /// let confirm = SignInOptions::new().with_prompt(Prompt::Login).without_offline_access();
    /// ```
    #[must_use]
    pub fn without_offline_access(mut self) -> Self {
        self.no_offline_access = true;
        self
    }

    /// How long ago the user may have signed in at Logto, in whole seconds; if it is longer, they
    /// sign in again. Zero asks in any case.
    ///
    /// The callback insists on it: an ID token without `auth_time`, or with one that is older,
    /// brings no session. The clocks may differ by the configured
    /// [tolerance](crate::LogtoConfig::with_clock_tolerance), and by ten seconds at least. If a
    /// user is signed in here and another one comes back, that is a change of account, which
    /// leads to the [configured page](crate::LogtoConfig::with_after_sign_in) and not to the
    /// one that was asked for.
    ///
    /// Logto counts every sign-in, also one by a social connector that asked nothing. It says the
    /// time (`auth_time`) only in answer to this option, or to a [`Prompt`] with login.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::SignInOptions;
    ///
    /// let recent = SignInOptions::new()
    ///     .with_max_age(Duration::from_secs(300))
    ///     .with_post_redirect_uri("/settings/delete");
    /// ```
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age.as_secs());
        self
    }

    /// The page of Logto to begin with.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{FirstScreen, SignInOptions};
    ///
    /// // Behind the link “Forgot your password?”
    /// let forgotten = SignInOptions::new().with_first_screen(FirstScreen::ResetPassword);
    /// ```
    #[must_use]
    pub fn with_first_screen(self, screen: FirstScreen) -> Self {
        self.with("first_screen", screen.value())
    }

    /// The page of Logto to begin with, for Logto versions that do not know `first_screen`; where
    /// both are given, Logto looks at `first_screen`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{FirstScreen, InteractionMode, SignInOptions};
    ///
    /// // Right for every version of Logto.
    /// let sign_up = SignInOptions::new()
    ///     .with_first_screen(FirstScreen::Register)
    ///     .with_interaction_mode(InteractionMode::SignUp);
    /// ```
    #[must_use]
    pub fn with_interaction_mode(self, mode: InteractionMode) -> Self {
        self.with("interaction_mode", mode.value())
    }

    /// What the user may identify with; only for the `Identifier…` first screens and
    /// [`FirstScreen::ResetPassword`].
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{FirstScreen, Identifier, SignInOptions};
    ///
    /// let register = SignInOptions::new()
    ///     .with_first_screen(FirstScreen::IdentifierRegister)
    ///     .with_identifiers([Identifier::Email, Identifier::Phone]);
    /// ```
    #[must_use]
    pub fn with_identifiers(self, identifiers: impl IntoIterator<Item = Identifier>) -> Self {
        let values: Vec<_> = identifiers.into_iter().map(Identifier::value).collect();
        self.with("identifier", values.join(" "))
    }

    /// Fills in who is probably signing in: an e-mail address, phone number or user name.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    ///
    /// fn from_newsletter(email: Option<&str>) -> SignInOptions {
    ///     match email {
    ///         Some(email) => SignInOptions::new().with_login_hint(email),
    ///         None => SignInOptions::new(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn with_login_hint(self, hint: impl Into<String>) -> Self {
        self.with(LOGIN_HINT, hint)
    }

    /// The user who has to come back, by their verified e-mail address: for an invitation, or
    /// “continue as …”. Needs the scope `email`.
    ///
    /// Logto shows its sign-in page, with the address filled in, also to a user who is signed in
    /// there; to let the right one through without it, add [`with_prompt`](Self::with_prompt)
    /// with [`Prompt::Consent`]. If another user comes back, they get a page that says so
    /// ([`ErrorKind::WrongUser`](crate::ErrorKind::WrongUser)) and no session; a session that was
    /// there stays.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    ///
    /// let invited = SignInOptions::new()
    ///     .with_expected_email("dave@example.com")
    ///     .with_post_redirect_uri("/invitations/42");
    /// ```
    #[must_use]
    pub fn with_expected_email(mut self, email: impl Into<String>) -> Self {
        self.expected = Some(ExpectedUser::Email(email.into()));
        self
    }

    /// The user who has to come back, by their id in Logto; otherwise as
    /// [`with_expected_email`](Self::with_expected_email).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Prompt, SignInOptions};
    ///
    /// /// “Continue as …”: without a page of Logto if that user is signed in there.
    /// fn continue_as(sub: &str) -> SignInOptions {
    ///     SignInOptions::new().with_expected_user(sub).with_prompt(Prompt::Consent)
    /// }
    /// ```
    #[must_use]
    pub fn with_expected_user(mut self, sub: impl Into<String>) -> Self {
        self.expected = Some(ExpectedUser::Sub(sub.into()));
        self
    }

    /// Goes straight to another service, for example Hugging Face.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{DirectSignIn, SignInOptions};
    ///
    /// // A button of your own page for each service; the others are on Logto's page.
    /// let hugging_face = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    /// let github = DirectSignIn::Social("github".to_owned());
    /// let github = SignInOptions::new().with_direct_sign_in(github);
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "like every other option")]
    pub fn with_direct_sign_in(self, direct: DirectSignIn) -> Self {
        self.with("direct_sign_in", direct.value())
    }

    /// A magic link: a one-time token of Logto, and the e-mail address that it was made for. It
    /// signs in the owner of the address, who is the [expected](Self::with_expected_email) one.
    ///
    /// If Logto does not take the token, because it was used, revoked, or is too old, the user
    /// stays on Logto's page; nothing comes back.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    /// use logto::web::{Context, Reply};
    ///
    /// // GET /magic: the link in the mail has both.
    /// async fn magic(context: &Context, email: &str, token: &str) -> Result<Reply, logto::Error> {
    ///     let options = SignInOptions::new().with_one_time_token(email, token);
    ///     context.sign_in(options.with_post_redirect_uri("/welcome")).await
    /// }
    /// ```
    #[must_use]
    pub fn with_one_time_token(self, email: impl Into<String>, token: impl Into<String>) -> Self {
        self.with_expected_email(email).with(ONE_TIME_TOKEN, token)
    }

    /// Preferred languages of Logto's pages, as BCP 47 tags, best first.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    ///
    /// let options = SignInOptions::new().with_ui_locales(["pt-BR", "pt", "en"]);
    /// ```
    #[must_use]
    pub fn with_ui_locales<S: AsRef<str>>(self, locales: impl IntoIterator<Item = S>) -> Self {
        let locales: Vec<_> =
            locales.into_iter().map(|locale| locale.as_ref().to_owned()).collect();
        self.with("ui_locales", locales.join(" "))
    }

    /// The organization whose branding Logto's pages show. It does nothing else: the tokens are the
    /// same, and the user may be no member. See
    /// [`User::switch_organization`](crate::web::User::switch_organization).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    ///
    /// /// For `acme.example.com` and other subdomains of customers.
    /// fn for_customer(organization: &str) -> SignInOptions {
    ///     SignInOptions::new().with_organization_id(organization)
    /// }
    /// ```
    #[must_use]
    pub fn with_organization_id(self, organization: impl Into<String>) -> Self {
        self.with("organization_id", organization)
    }

    /// Any other parameter of the authorization request. One that was given already, or that
    /// belongs to the protocol, is refused when the sign-in begins.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{ErrorKind, Logto, LogtoConfig, web::Request};
    /// use logto::SignInOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    /// # let context = Logto::new(config)?.context(Request::new("GET", "/", headers));
    /// // For a custom sign-in page of the tenant.
    /// let options = SignInOptions::new().with_extra_param("campaign", "spring");
    ///
    /// // What belongs to the protocol is not for the app to set.
    /// let refused = context.sign_in(options.with_extra_param("state", "mine")).await;
    /// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::InvalidRequest));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_extra_param(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(name, value)
    }

    fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_ones_that_logto_knows() {
        let options = SignInOptions::new()
            .with_first_screen(FirstScreen::IdentifierRegister)
            .with_identifiers([Identifier::Email, Identifier::Username])
            .with_direct_sign_in(DirectSignIn::hugging_face())
            .with_ui_locales(["fr-CA", "en"])
            .with_interaction_mode(InteractionMode::SignUp)
            .with_organization_id("an-organization");
        let expected = [
            ("first_screen", "identifier:register"),
            ("identifier", "email username"),
            ("direct_sign_in", "social:huggingface"),
            ("ui_locales", "fr-CA en"),
            ("interaction_mode", "signUp"),
            ("organization_id", "an-organization"),
        ];
        assert_eq!(options.parameters, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
