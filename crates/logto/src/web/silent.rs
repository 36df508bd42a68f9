//! Sign-in without a page, for visitors who are signed in at Logto (`prompt=none`: OpenID Connect
//! Core, section 3.1.2.1).

use super::{Context, Reply};
use crate::cookies::{self, Attributes};
use crate::error::{Error, ErrorKind};
use crate::flow::SignInOptions;

/// Seconds until a browser is asked again.
const TRIED: u64 = 3600;

impl Context {
    /// Signs a visitor in who is signed in at Logto, without a page of Logto: for pages that are
    /// for everyone. `None` if there is nothing to try; then the page is shown as usual.
    ///
    /// The answer is a redirect to Logto that comes back to this page at once, with a session or
    /// without one. It is tried once in an hour in each browser, only where a user opens a
    /// page, and never if someone is signed in. Whatever goes wrong leads back to the page.
    ///
    /// Where Logto asks for consent, which it does for an application of yours without showing a
    /// page, a second redirect follows, not more. So it does if the session is to have a
    /// refresh token, which Logto gives in no other way. A third-party application shows its
    /// consent page then; who cancels there sees a page that says so, since Logto does not say which
    /// sign-in was cancelled.
    ///
    /// A session that the app ended by itself comes back in this way, as long as the user is
    /// signed in at Logto.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for options that cannot be
    /// without a page: a prompt, a recent sign-in, an expected user;
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    /// use logto::web::{Context, Reply};
    ///
    /// async fn home(context: &Context) -> Result<String, Reply> {
    ///     if let Some(redirect) = context.sign_in_silently(SignInOptions::new()).await? {
    ///         return Err(redirect);
    ///     }
    ///     let user = context.maybe_user().await?;
    ///     Ok(format!("Hello {}", user.as_ref().and_then(|user| user.name()).unwrap_or("you")))
    /// }
    /// ```
    pub async fn sign_in_silently(&self, options: SignInOptions) -> Result<Option<Reply>, Error> {
        let request = self.request();
        let is_opened = request.method() == "GET" && request.is_navigation();
        let (attributes, name) = self.tried_cookie();
        let was_tried = cookies::values(request.raw_cookies(), &name).next().is_some();
        if !is_opened || was_tried || self.is_authenticated().await? {
            return Ok(None);
        }
        let page = options.post_redirect_uri.clone();
        let post_redirect_uri = Some(page.unwrap_or_else(|| self.return_to_for_request()));
        let options = SignInOptions { is_silent: true, post_redirect_uri, ..options };
        match self.sign_in(options).await {
            Ok(reply) => Ok(Some(reply.with_cookies(vec![attributes.set(&name, "1", TRIED)]))),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidRequest
                        | ErrorKind::NotConfigured
                        | ErrorKind::StoreUnavailable
                ) =>
            {
                Err(error)
            }
            // What is wrong with Logto is logged: visitors need not know.
            Err(_) => Ok(None),
        }
    }

    /// Says that this browser was asked lately. It is no secret, and protects nothing but from
    /// circles.
    fn tried_cookie(&self) -> (Attributes, String) {
        let settings = &self.engine().settings;
        let attributes = Attributes::for_host(settings.secure);
        let name = attributes.name(&format!("silent_{}", settings.cookie_name));
        (attributes, name)
    }
}
