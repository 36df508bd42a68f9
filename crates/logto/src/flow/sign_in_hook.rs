//! The app's hook at sign-in: called when the tokens are verified, before there is a session.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::config::LogtoConfig;
use crate::error::{Error, ErrorKind};
use crate::oidc::Target;
use crate::oidc::claims::{IdTokenClaims, UserInfo};
use crate::reply::Reply;
use crate::session::Session;

/// How long a hook may take. The user waits for it.
pub(super) const SIGN_IN_HOOK_LIMIT: Duration = Duration::from_secs(30);

type HookError = Box<dyn StdError + Send + Sync>;
type HookFuture = Pin<Box<dyn Future<Output = Result<SignInDecision, HookError>> + Send>>;

/// What an app has configured.
pub(crate) struct SignInHook(Box<dyn Fn(PendingSignIn) -> HookFuture + Send + Sync>);

/// A sign-in that Logto has confirmed and that is no session yet.
///
/// # Example
///
/// ```
/// use logto::{PendingSignIn, SignInDecision};
///
/// async fn only_our_domain(
///     sign_in: PendingSignIn,
/// ) -> Result<SignInDecision, Box<dyn std::error::Error + Send + Sync>> {
///     let email = sign_in.claims().email.as_deref().unwrap_or_default();
///     match email.ends_with("@example.com") {
///         true => Ok(SignInDecision::admit()),
///         false => Ok(SignInDecision::refuse("Please use your work account.")),
///     }
/// }
/// ```
pub struct PendingSignIn {
    engine: Arc<Engine>,
    session: Session,
    page: Option<String>,
}

impl PendingSignIn {
    /// The verified claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        self.session.grant.claims()
    }

    /// The user's id in Logto.
    #[must_use]
    pub fn sub(&self) -> &str {
        self.session.grant.shown().sub()
    }

    /// The page of this app that the user is on the way to, as a path.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{PendingSignIn, SignInDecision};
    ///
    /// /// Newcomers see another page first, which leads on to where they wanted to go.
    /// fn welcome(sign_in: &PendingSignIn) -> SignInDecision {
    ///     let page = sign_in.return_to();
    ///     let query: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    ///     SignInDecision::admit_to(format!("/welcome?next={query}"))
    /// }
    /// ```
    #[must_use]
    pub fn return_to(&self) -> String {
        self.page.clone().unwrap_or_else(|| {
            let settings = &self.engine.settings;
            format!("{}{}", settings.base_path, settings.after_sign_in)
        })
    }

    /// What Logto's userinfo endpoint says about the user now.
    ///
    /// # Errors
    ///
    /// As [`fetch_user_info`](crate::web::Context::fetch_user_info).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{LogtoConfig, SignInDecision};
    ///
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// // The ID token does not say it: only members of one organization of Hugging Face get in.
    /// let config = config.with_sign_in_hook(async |sign_in| {
    ///     let info = sign_in.fetch_user_info().await?;
    ///     let profile = info.hugging_face();
    ///     let mut names = profile.iter().flat_map(|it| it.organizations());
    ///     Ok(match names.any(|it| it.preferred_username() == Some("example-org")) {
    ///         true => SignInDecision::admit(),
    ///         false => SignInDecision::refuse("This app is for members of example-org."),
    ///     })
    /// });
    /// ```
    pub async fn fetch_user_info(&self) -> Result<UserInfo, Error> {
        let token = self.session.grant.token_for(&Target::default()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, "the sign-in brought no opaque access token")
        })?;
        self.engine.user_info(&token.token, self.sub()).await
    }

    /// How many other sessions of the user there are now. `None` without a store: then there is
    /// no list of them. A store lists sessions in cookies too.
    ///
    /// This does not tell whether a user is here for the first time, since sessions end. Only the
    /// app's own table of users knows that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{LogtoConfig, SignInDecision};
    ///
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// let config = config.with_sign_in_hook(async |sign_in| {
    ///     Ok(match sign_in.count_other_sessions().await? {
    ///         Some(3..) => SignInDecision::refuse_to("/too-many-devices"),
    ///         _ => SignInDecision::admit(),
    ///     })
    /// });
    /// ```
    pub async fn count_other_sessions(&self) -> Result<Option<usize>, Error> {
        let settings = &self.engine.settings;
        if settings.storage.is_none() {
            return Ok(None);
        }
        let sessions = self.engine.sessions.sessions_of(self.sub(), settings.clock.now()).await?;
        Ok(Some(sessions.len()))
    }
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSignIn").field("sub", &self.sub()).finish_non_exhaustive()
    }
}

/// What becomes of a [sign-in](PendingSignIn).
///
/// # Example
///
/// ```
/// use logto::{PendingSignIn, SignInDecision};
///
/// fn decide(sign_in: &PendingSignIn, is_known: bool) -> SignInDecision {
///     match sign_in.claims().email_verified {
///         Some(true) if is_known => SignInDecision::admit(),
///         Some(true) => SignInDecision::admit_to("/welcome"),
///         _ => SignInDecision::refuse("Please confirm your e-mail address first."),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a decision does nothing until the hook returns it"]
pub struct SignInDecision(Decision);

#[derive(Clone, Debug)]
enum Decision {
    Admit,
    AdmitTo(String),
    Refuse(String),
    RefuseTo(String),
}

impl SignInDecision {
    /// The user is signed in and goes on to their page.
    pub fn admit() -> Self {
        Self(Decision::Admit)
    }

    /// The user is signed in and goes on to another page of this app, for example to the one that
    /// asks newcomers for more. A path or a full URL of the same origin; anything else is a failure
    /// of the hook.
    pub fn admit_to(page: impl Into<String>) -> Self {
        Self(Decision::AdmitTo(page.into()))
    }

    /// The user is not signed in and sees a page of the SDK (403) with this text; it is not
    /// translated and not read as HTML.
    pub fn refuse(text: impl Into<String>) -> Self {
        Self(Decision::Refuse(text.into()))
    }

    /// The user is not signed in and goes on to a page of this app, as in
    /// [`admit_to`](Self::admit_to).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{PendingSignIn, SignInDecision};
    ///
    /// fn while_closed(sign_in: &PendingSignIn) -> SignInDecision {
    ///     match sign_in.claims().roles.iter().any(|role| role == "tester") {
    ///         true => SignInDecision::admit(),
    ///         false => SignInDecision::refuse_to("/opening-soon"),
    ///     }
    /// }
    /// ```
    pub fn refuse_to(page: impl Into<String>) -> Self {
        Self(Decision::RefuseTo(page.into()))
    }
}

impl LogtoConfig {
    /// A hook that is called at every sign-in, when the tokens are verified and before there is a
    /// session: to keep a row for each user, to send newcomers to another page, to let only some
    /// users in.
    ///
    /// It is called once for each sign-in, also if the user loads the callback again. If it
    /// fails, panics or takes longer than 30 seconds, the user sees an error page and is not
    /// signed in. A user who is refused does not get a session, and the refresh token of the
    /// sign-in is revoked; sessions that they have already stay.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{LogtoConfig, SignInDecision};
    ///
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// let config = config.with_sign_in_hook(async |sign_in| {
    ///     println!("{} is on the way to {}", sign_in.sub(), sign_in.return_to());
    ///     Ok(SignInDecision::admit())
    /// });
    /// ```
    #[must_use]
    pub fn with_sign_in_hook<F, R>(mut self, hook: F) -> Self
    where
        F: Fn(PendingSignIn) -> R + Send + Sync + 'static,
        R: Future<Output = Result<SignInDecision, Box<dyn StdError + Send + Sync>>>
            + Send
            + 'static,
    {
        let hook = SignInHook(Box::new(move |sign_in| Box::pin(hook(sign_in))));
        self.sign_in_hook = Some(Arc::new(hook));
        self
    }
}

impl Engine {
    /// Asks the app's hook about a sign-in that is on the way to `page`: the page that it goes on
    /// to.
    pub(super) async fn admit(
        self: &Arc<Self>,
        session: &Session,
        page: Option<String>,
    ) -> Result<Option<String>, Error> {
        let Some(hook) = self.settings.sign_in_hook.clone() else {
            return Ok(page);
        };
        // A hook that cannot be called lets no one in.
        let hook = hook.downcast::<SignInHook>().map_err(|_| {
            Error::new(ErrorKind::SignInHookFailed, "the sign-in hook is of another type")
        })?;
        let session = session.clone();
        let pending = PendingSignIn {
            engine: Arc::clone(self),
            session: session.clone(),
            page: page.clone(),
        };
        // A task of its own, so that a hook that panics is a hook that fails.
        let called = self.tasks.spawn(async move {
            let answer = (hook.0)(pending);
            tokio::time::timeout(SIGN_IN_HOOK_LIMIT, answer).await
        });
        let failed = |why: &'static str, error: HookError| {
            Error::with_source(ErrorKind::SignInHookFailed, format!("{why}: {error}"), error)
        };
        let decision = match called.await {
            Ok(Ok(Ok(decision))) => decision,
            Ok(Ok(Err(error))) => return Err(failed("the sign-in hook failed", error)),
            Ok(Err(late)) => return Err(failed("the sign-in hook takes too long", late.into())),
            Err(stopped) => return Err(failed("the sign-in hook panicked", stopped.into())),
        };
        let own_page = |page: String| {
            self.settings.page(&page, &self.settings.origin).ok_or_else(|| {
                let why = "the sign-in hook chose a page that is not of this app";
                Error::new(ErrorKind::SignInHookFailed, why)
            })
        };
        let refusal = match decision.0 {
            Decision::Admit => return Ok(page),
            Decision::AdmitTo(page) => return own_page(page).map(Some),
            Decision::Refuse(text) => Error::new(ErrorKind::SignInRefused, text),
            Decision::RefuseTo(page) => {
                let reply = Reply::see_other(own_page(page)?);
                let why = "the sign-in hook refused the user";
                Error::new(ErrorKind::SignInRefused, why).answered_by(reply)
            }
        };
        self.revoke_all(session.refresh_token().map(str::to_owned).into_iter().collect());
        Err(refusal)
    }
}

impl fmt::Debug for SignInHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInHook")
    }
}
