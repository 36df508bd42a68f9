//! `SignInOptions`.

use std::fmt;
use std::time::Duration;

use url::form_urlencoded;

use super::freshness::MAX_AGE;
use super::{DirectSignIn, ExpectedUser, FirstScreen, Identifier, InteractionMode};
use crate::config::Prompt;
use crate::error::{Error, ErrorKind};

/// Parameters that the SDK sets itself, or whose meaning it depends on.
const PROTOCOL_PARAMETERS: [&str; 20] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "request",
    "request_uri",
    "code",
    "code_verifier",
    "grant_type",
    "id_token_hint",
    "registration",
];

/// Says who is expected, in a repeated sign-in; no parameter can have this name.
const EXPECTED: &str = "id_token_hint";
/// Says that no page is shown, likewise.
const SILENT: &str = "response_mode";
const ONE_TIME_TOKEN: &str = "one_time_token";
const LOGIN_HINT: &str = "login_hint";

/// Which of the configured API resources a sign-in asks for. Logto refuses the whole sign-in for one
/// that it does not know.
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
/// A person who is signed in at Logto comes back as who they are, and sees none of its pages. Then
/// [first screen](Self::with_first_screen), [identifiers](Self::with_identifiers),
/// [login hint](Self::with_login_hint), and [direct sign-in](Self::with_direct_sign_in) have no effect,
/// unless the [prompt](Self::with_prompt) has a login. [`with_expected_email`](Self::with_expected_email),
/// [`with_expected_user`](Self::with_expected_user), and
/// [`with_one_time_token`](Self::with_one_time_token) ask for that, and the callback sees that the right
/// person came.
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

    /// Another address of this app for Logto to send the person back to, as a path
    /// (`/login/done`) or a full URL below the base URL. It must be registered in Logto, and
    /// whatever serves it must hand the request to
    /// [`handle_sign_in_callback`](crate::web::Context::handle_sign_in_callback). Default: the
    /// SDK's own callback route.
    #[must_use]
    pub fn with_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// The page of this app to show after signing in, as a path or a full URL of the same origin;
    /// anything else is refused. Default: the configured page.
    #[must_use]
    pub fn with_post_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_redirect_uri = Some(uri.into());
        self
    }

    /// What Logto shows; see [`Prompt`].
    #[must_use]
    pub fn with_prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Asks for no refresh token this time; needed for a [`Prompt`] without consent.
    #[must_use]
    pub fn without_offline_access(mut self) -> Self {
        self.no_offline_access = true;
        self
    }

    /// How long ago the person may have signed in at Logto, in whole seconds; if it is longer, they
    /// sign in again. Zero asks in any case.
    ///
    /// The callback insists on it: an ID token without `auth_time`, or with one that is older, brings
    /// no session. The clocks may differ by the configured
    /// [tolerance](crate::LogtoConfig::with_clock_tolerance), and by ten seconds at least. If a person
    /// is signed in here and another one comes back, that is a change of account, which leads to the
    /// [configured page](crate::LogtoConfig::with_after_sign_in) and not to the one that was asked
    /// for.
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
    #[must_use]
    pub fn with_first_screen(self, screen: FirstScreen) -> Self {
        self.with("first_screen", screen.value())
    }

    /// The page of Logto to begin with, for Logto versions that do not know `first_screen`; where
    /// both are given, Logto looks at `first_screen`.
    #[must_use]
    pub fn with_interaction_mode(self, mode: InteractionMode) -> Self {
        self.with("interaction_mode", mode.value())
    }

    /// What the person may identify with; only for the `Identifier…` first screens and
    /// [`FirstScreen::ResetPassword`].
    #[must_use]
    pub fn with_identifiers(self, identifiers: impl IntoIterator<Item = Identifier>) -> Self {
        let values: Vec<_> = identifiers.into_iter().map(Identifier::value).collect();
        self.with("identifier", values.join(" "))
    }

    /// Fills in who is probably signing in: an e-mail address, phone number or user name.
    #[must_use]
    pub fn with_login_hint(self, hint: impl Into<String>) -> Self {
        self.with(LOGIN_HINT, hint)
    }

    /// The person who has to come back, by their verified e-mail address: for an invitation, or
    /// “continue as …”. Needs the scope `email`.
    ///
    /// Logto shows its sign-in page, with the address filled in, also to a person who is signed in there;
    /// to let the right one through without it, add [`with_prompt`](Self::with_prompt) with
    /// [`Prompt::Consent`]. If another person comes back, they get a page that says so
    /// ([`ErrorKind::WrongUser`](crate::ErrorKind::WrongUser)) and no session; a session that was there
    /// stays.
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

    /// The same by the person's id in Logto.
    #[must_use]
    pub fn with_expected_user(mut self, sub: impl Into<String>) -> Self {
        self.expected = Some(ExpectedUser::Sub(sub.into()));
        self
    }

    /// Goes straight to another service, for example Hugging Face.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "like every other option")]
    pub fn with_direct_sign_in(self, direct: DirectSignIn) -> Self {
        self.with("direct_sign_in", direct.value())
    }

    /// A magic link: a one-time token of Logto, and the e-mail address that it was made for. It signs in
    /// the owner of the address, who is the [expected](Self::with_expected_email) one.
    ///
    /// If Logto does not take the token, because it was used, revoked, or is too old, the person stays on
    /// Logto's page; nothing comes back.
    #[must_use]
    pub fn with_one_time_token(self, email: impl Into<String>, token: impl Into<String>) -> Self {
        self.with_expected_email(email).with(ONE_TIME_TOKEN, token)
    }

    /// Preferred languages of Logto's pages, as BCP 47 tags, best first.
    #[must_use]
    pub fn with_ui_locales<S: AsRef<str>>(self, locales: impl IntoIterator<Item = S>) -> Self {
        let locales: Vec<_> =
            locales.into_iter().map(|locale| locale.as_ref().to_owned()).collect();
        self.with("ui_locales", locales.join(" "))
    }

    /// The organization whose branding Logto's pages show. It does nothing else: the tokens are the same,
    /// and the person may be no member. See
    /// [`User::switch_organization`](crate::web::User::switch_organization).
    #[must_use]
    pub fn with_organization_id(self, organization: impl Into<String>) -> Self {
        self.with("organization_id", organization)
    }

    /// Any other parameter of the authorization request. One that was given already, or that
    /// belongs to the protocol, is refused when the sign-in begins.
    #[must_use]
    pub fn with_extra_param(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(name, value)
    }

    fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// What has to be said again when the sign-in is repeated, as a query. `prompt`, `max_age`,
    /// `scope` and `resource` cannot be given as [parameters](Self::with_extra_param).
    pub(crate) fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        if let Some(prompt) = self.prompt {
            query.append_pair("prompt", prompt.value());
        }
        if let Some(max_age) = self.max_age {
            query.append_pair("max_age", &max_age.to_string());
        }
        if let Some(expected) = &self.expected {
            query.append_pair(EXPECTED, &expected.to_text());
        }
        if self.is_silent {
            query.append_pair(SILENT, "");
        }
        if self.no_offline_access {
            query.append_pair("scope", "");
        }
        if self.resources == Resources::Tried {
            query.append_pair("resource", "");
        }
        query.finish()
    }

    /// The options that [`to_query`](Self::to_query) wrote.
    pub(crate) fn from_query(query: &str) -> Self {
        let mut options = Self::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "prompt" => {
                    options.prompt = Prompt::ALL.into_iter().find(|it| it.value() == value);
                }
                // One that cannot be read asks for the most.
                "max_age" => options.max_age = Some(value.parse().unwrap_or(0)),
                EXPECTED => options.expected = Some(ExpectedUser::from_text(&value)),
                SILENT => options.is_silent = true,
                "scope" => options.no_offline_access = true,
                "resource" => options.resources = Resources::Tried,
                _ => options.parameters.push((name.into_owned(), value.into_owned())),
            }
        }
        options
    }

    /// The parameters of the authorization request.
    pub(crate) fn all_parameters(&self) -> Vec<(String, String)> {
        let max_age = self.max_age.map(|max_age| ("max_age".to_owned(), max_age.to_string()));
        let has_hint = self.parameters.iter().any(|(name, _)| name == LOGIN_HINT);
        let hint = match &self.expected {
            Some(ExpectedUser::Email(email)) if !has_hint => {
                Some((LOGIN_HINT.to_owned(), email.clone()))
            }
            _ => None,
        };
        self.parameters.iter().cloned().chain(max_age).chain(hint).collect()
    }

    /// Refuses parameters of the protocol and parameters given twice: servers differ in which of
    /// two they believe.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |name: &str, why: &str| {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("the sign-in parameter {name:?} {why}"),
            ))
        };
        let needs_page = self.prompt.is_some() || self.max_age.is_some() || self.expected.is_some();
        if self.is_silent && needs_page {
            return refuse("prompt", "is none for a sign-in without a page");
        }
        for (at, (name, _)) in self.parameters.iter().enumerate() {
            if name == "max_age" {
                return refuse(name, "has an option of its own, with_max_age");
            }
            if name == ONE_TIME_TOKEN {
                if self.expected.is_none() {
                    return refuse(name, "has an option of its own, with_one_time_token");
                }
                if self.prompt.is_some_and(|prompt| !prompt.includes_login()) {
                    return refuse(name, "has no effect if the prompt has no login");
                }
            }
            if PROTOCOL_PARAMETERS.contains(&name.as_str()) {
                return refuse(name, "belongs to the protocol and cannot be given");
            }
            let mut earlier = self.parameters.iter().take(at);
            if name.is_empty() || earlier.any(|(earlier, _)| earlier == name) {
                return refuse(name, "is given twice or has no name");
            }
        }
        if self.max_age.is_some_and(|max_age| max_age > MAX_AGE) {
            return refuse("max_age", "is larger than Logto reads");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_the_protocol_cannot_be_given() {
        for name in PROTOCOL_PARAMETERS {
            let error = SignInOptions::new().with_extra_param(name, "x").check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
        }
        assert!(SignInOptions::new().with_extra_param("acr_values", "x").check().is_ok());
    }

    #[test]
    fn options_are_repeated_as_they_were() {
        let options = SignInOptions::new()
            .with_direct_sign_in(DirectSignIn::hugging_face())
            .with_prompt(Prompt::LoginConsent)
            .with_max_age(Duration::from_millis(300_900))
            .with_one_time_token("dave+b@example.test", "token")
            .with_extra_param("acr_values", "a b&c=\n");
        let again = SignInOptions::from_query(&options.to_query());
        assert_eq!(again.parameters, options.parameters);
        assert_eq!(again.prompt, Some(Prompt::LoginConsent));
        assert_eq!(again.max_age, Some(300));
        assert_eq!(again.expected, options.expected);
        assert!(again.expected.is_some());
        assert_eq!(SignInOptions::from_query("max_age=x").max_age, Some(0));
        assert!(!again.no_offline_access);
        assert_eq!(again.resources, Resources::All);
        let options = SignInOptions::new().without_offline_access();
        let options = SignInOptions { resources: Resources::Tried, is_silent: true, ..options };
        let again = SignInOptions::from_query(&options.to_query());
        assert!(again.no_offline_access && again.is_silent);
        assert_eq!(again.resources, Resources::Tried);
    }

    #[test]
    fn a_one_time_token_is_never_without_effect() {
        let with = |prompt| {
            let options = SignInOptions::new().with_one_time_token("a@b.c", "token");
            options.with_prompt(prompt).check().is_ok()
        };
        let taken = Prompt::ALL.map(|prompt| (prompt, with(prompt)));
        let logins = Prompt::ALL.map(|prompt| (prompt, prompt.value().contains("login")));
        assert_eq!(taken, logins);
        let bare = SignInOptions::new().with_extra_param("one_time_token", "token");
        assert!(bare.check().is_err());
        let twice = SignInOptions::new().with_one_time_token("a@b.c", "t").with_login_hint("d@e.f");
        let hints = twice.all_parameters().into_iter().filter(|(name, _)| name == LOGIN_HINT);
        assert_eq!(hints.collect::<Vec<_>>(), [(LOGIN_HINT.to_owned(), "d@e.f".to_owned())]);
    }

    #[test]
    fn an_age_beyond_all_integers_is_refused() {
        let with =
            |seconds| SignInOptions::new().with_max_age(Duration::from_secs(seconds)).check();
        assert!(with(MAX_AGE).is_ok());
        assert!(with(MAX_AGE + 1).is_err());
    }

    #[test]
    fn a_parameter_cannot_be_given_twice() {
        let twice = SignInOptions::new()
            .with_first_screen(FirstScreen::Register)
            .with_extra_param("first_screen", "sign_in");
        assert!(twice.check().is_err());
    }

    #[test]
    fn values_are_the_ones_that_logto_knows() {
        let options = SignInOptions::new()
            .with_first_screen(FirstScreen::IdentifierRegister)
            .with_identifiers([Identifier::Email, Identifier::Username])
            .with_direct_sign_in(DirectSignIn::hugging_face())
            .with_ui_locales(["fr-CA", "en"]);
        let expected = [
            ("first_screen", "identifier:register"),
            ("identifier", "email username"),
            ("direct_sign_in", "social:huggingface"),
            ("ui_locales", "fr-CA en"),
        ];
        assert_eq!(options.parameters, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
