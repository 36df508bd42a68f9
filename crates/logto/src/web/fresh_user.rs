//! Step-up authentication: a user who signed in recently (RFC 9470).

use std::time::Duration;

use super::errors::Refusal;
use super::page::{NextAction, Page};
use super::{Context, Reply, User};
use crate::flow::is_fresh;

/// For users and programs; pages have words of their own.
const TOO_LONG_AGO: &str = "This needs a more recent sign-in.";

impl Context {
    /// The signed-in user, if they signed in at Logto at most `max_age` ago, in whole seconds. It
    /// may be more by the configured [clock tolerance](crate::LogtoConfig::with_clock_tolerance),
    /// ten seconds at least, and by ten seconds for the way from Logto to the page.
    ///
    /// A session whose sign-in did not ask for the time of it
    /// ([`with_max_age`](crate::SignInOptions::with_max_age)) does not know it, and is not recent.
    ///
    /// # Errors
    ///
    /// The answer that this request gets instead: a redirect to sign-in and back for a user who
    /// opens a page, a page for one who posts a form, and for anything else 401 with a
    /// challenge (`insufficient_user_authentication`, RFC 9470, section 3) and the address of
    /// the sign-in.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::web::{Context, Reply};
    ///
    /// // POST /account/delete
    /// async fn delete_account(context: &Context) -> Result<String, Reply> {
    ///     context.require_own_page()?;
    ///     let user = context.fresh_user(Duration::from_secs(300)).await?;
    ///     Ok(format!("{} is deleted", user.sub()))
    /// }
    /// ```
    pub async fn fresh_user(&self, max_age: Duration) -> Result<User, Reply> {
        self.protect();
        match self.maybe_user().await? {
            Some(user) if user.is_fresh(max_age) => Ok(user),
            user => Err(self.refuse_as_stale(max_age.as_secs(), user.is_some())),
        }
    }

    fn refuse_as_stale(&self, max_age: u64, is_signed_in: bool) -> Reply {
        let sign_in = self.sign_in_path(&self.return_to_for_request(), Some(max_age));
        let refusal = if is_signed_in {
            Refusal {
                sign_in,
                max_age: Some(max_age),
                title: "Please sign in again",
                text: "You are still signed in, but this needs a more recent sign-in. Sign in using the new \
                       window, then come back and reload this page. Your browser will send what you \
                       typed again.",
                error: "insufficient_user_authentication",
                message: TOO_LONG_AGO,
                is_stale: true,
                challenge: None,
            }
        } else {
            Refusal { sign_in, max_age: Some(max_age), ..self.not_signed_in() }
        };
        self.send_to_sign_in(&refusal).with_header("vary", "Cookie")
    }

    /// What a user sees who was to sign in again and did not.
    pub(super) fn page_still_signed_in(&self, page: &str, max_age: u64) -> Reply {
        let page = Page {
            title: "You have not signed in again",
            text: "You are still signed in, but the page that you wanted needs a more recent sign-in.",
            detail: None,
            next_action: NextAction::link(self.sign_in_path(page, Some(max_age)), "Sign in"),
        };
        self.page(400, &page)
    }
}

impl User {
    /// When the user signed in at Logto, in seconds since the Unix epoch by Logto's clock. `None`
    /// if the sign-in did not ask for it; see
    /// [`SignInOptions::with_max_age`](crate::SignInOptions::with_max_age). A refresh does not
    /// change it.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// fn notice(user: &User, now: u64) -> Option<String> {
    ///     let minutes = now.saturating_sub(user.authenticated_at()?) / 60;
    ///     Some(format!("You signed in {minutes} minutes ago."))
    /// }
    /// ```
    #[must_use]
    pub fn authenticated_at(&self) -> Option<u64> {
        self.claims().auth_time
    }

    /// Whether the user signed in at Logto at most `max_age` ago, as [`Context::fresh_user`]
    /// judges it. For pages that show something else to those who have to sign in again.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// fn button(user: &logto::web::User) -> &'static str {
    ///     match user.is_fresh(Duration::from_secs(300)) {
    ///         true => "Delete my account",
    ///         false => "Sign in again to delete your account",
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_fresh(&self, max_age: Duration) -> bool {
        let context = self.context();
        let tolerance = context.engine().settings.clock_tolerance;
        is_fresh(self.authenticated_at(), max_age.as_secs(), context.now(), tolerance)
    }
}
