//! The sign-in endpoints, and sign-in from a handler.

use super::page::{NextAction, Page};
use super::{Context, Reply};
use crate::error::Error;
use crate::flow::{Browser, Previous, SignInOptions, SignInStart};

impl Context {
    /// Sends the user to Logto.
    ///
    /// The answer is a redirect, with a cookie that binds the sign-in to this browser. A session
    /// that is there stays until the new one replaces it. In a frame the answer is a page with a
    /// link that opens a window, because Logto cannot be shown in a frame. A prefetch begins no
    /// sign-in, and a HEAD request neither.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the options cannot be
    /// sent, [`ErrorKind::Unreachable`](crate::ErrorKind::Unreachable) if Logto was never
    /// reached and is not now.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # use logto_local::LocalTenant;
    /// use logto::SignInOptions;
    /// use logto::web::{Context, Reply};
    ///
    /// async fn invitation(context: &Context) -> Result<Reply, logto::Error> {
    ///     let options = SignInOptions::new().with_login_hint("dave@example.com").with_ui_locales(["fr"]);
    ///     context.sign_in(options).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = LocalTenant::builder().start().await?;
    /// # let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    /// # let context = Logto::new(config)?.context(logto::web::Request::new("GET", "/invited", headers));
    /// let reply = invitation(&context).await?;
    /// assert_eq!(reply.status(), 303);
    /// let location = reply.headers().find(|(name, _)| *name == "location");
    /// assert!(location.is_some_and(|(_, url)| url.contains("login_hint=dave%40example.com")));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self, options: SignInOptions) -> Result<Reply, Error> {
        if let Some(reply) = self.answer_ahead_of_time() {
            return Ok(reply);
        }
        if self.request().is_framed() {
            // Logto's pages cannot be shown there.
            options.check()?;
            let page = self.page_wanted(&options)?;
            let address = self.sign_in_path(&page, options.max_age);
            return Ok(self.page_in_frame(200, &page, address, &options));
        }
        if self.is_sign_in_loop().await {
            return Ok(self.stop_sign_in_loop(&self.page_wanted(&options)?));
        }
        let begun = self.begin_sign_in(&options, Previous::Nothing).await;
        begun.map_err(|error| self.failed("sign_in", error))
    }

    fn page_wanted(&self, options: &SignInOptions) -> Result<String, Error> {
        let page = self.engine().return_to(self.origin(), options)?;
        Ok(page.unwrap_or_else(|| self.return_to_for_request()))
    }

    async fn is_sign_in_loop(&self) -> bool {
        self.engine().sign_in_loop.is_stopped(&self.request().cookies())
            && self.loaded_session().await.is_ok_and(|loaded| loaded.is_none())
    }

    /// The page for a browser whose session was lost after each of its last sign-ins. The next
    /// click signs in all the same.
    fn stop_sign_in_loop(&self, page: &str) -> Reply {
        let engine = self.engine();
        if let Some(suppressed) = engine.stopped_browsers.admit() {
            tracing::error!(
                suppressed,
                "a browser signed in several times in a row and comes back without its session: a \
                 proxy drops the cookie, or instances do not share their session store"
            );
        }
        let page = Page {
            title: "Signing in did not work",
            text: "You signed in several times, and your session was lost each time.",
            detail: None,
            next_action: NextAction::link(self.sign_in_path(page, None), "Try again"),
        };
        let forgotten = engine.sign_in_loop.forget(&self.request().cookies());
        self.page(400, &page).with_cookies(forgotten.into_iter().collect())
    }

    pub(super) async fn begin_sign_in(
        &self,
        options: &SignInOptions,
        previous: Previous<'_>,
    ) -> Result<Reply, Error> {
        let grant = match options.max_age {
            Some(_) => self.grant().await?,
            None => None,
        };
        let signed_in = grant.as_ref().map(|grant| grant.shown().sub());
        let cookies = self.request().cookies();
        let browser = Browser { origin: self.origin(), cookies: &cookies };
        let start = self.engine().start_sign_in(browser, options, previous, signed_in);
        let SignInStart { url, cookie } = start.await?;
        Ok(self.leave_for(url).with_cookies(vec![cookie]))
    }
}
