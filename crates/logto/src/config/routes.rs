//! Settings about the SDK's routes and pages.

use super::{LogtoConfig, PageContent, PageTemplate};

impl LogtoConfig {
    /// A path before the SDK's own routes: with `/auth` they are `/auth/sign-in`,
    /// `/auth/callback` and so on. Default: none.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, web::Route};
    /// # let config = logto::LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// let logto = Logto::new(config.with_route_prefix("/auth"))?;
    /// assert_eq!(logto.route_path(Route::SignIn), "/auth/sign-in");
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_route_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.route_prefix = prefix.into();
        self
    }

    /// Where users go after signing in if they did not ask for a page. Default: `/`.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// let config = config.with_after_sign_in("/dashboard").with_after_sign_out("/goodbye");
    /// assert!(Logto::new(config.clone()).is_ok());
    /// // A page of this app, not an address elsewhere.
    /// assert!(Logto::new(config.with_after_sign_in("https://example.org/")).is_err());
    /// ```
    #[must_use]
    pub fn with_after_sign_in(mut self, path: impl Into<String>) -> Self {
        self.after_sign_in = path.into();
        self
    }

    /// Where users come back to after signing out; the address must be registered in Logto as
    /// post sign-out redirect URI. Default: `/`.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // Register `https://app.example.com/goodbye` in Logto.
    /// let config = config.with_base_url("https://app.example.com").with_after_sign_out("/goodbye");
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_after_sign_out(mut self, path: impl Into<String>) -> Self {
        self.after_sign_out = path.into();
        self
    }

    /// Also signs out by a plain link (`GET /sign-out`) of this site. Links on other sites stay
    /// refused, as far as the browser tells where one was clicked; a form with `method="post"` does
    /// not depend on that.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// let logto = Logto::new(config.with_sign_out_by_get())?;
    /// let link = r#"<a href="/sign-out">Sign out</a>"#;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_sign_out_by_get(mut self) -> Self {
        self.sign_out_by_get = true;
        self
    }

    /// Who may show the SDK's own pages in a frame, as sources of CSP's `frame-ancestors` (Content
    /// Security Policy Level 3, section 6.4.2). Default: `'self'`, the app's own pages. For a
    /// Hugging Face Space it is `https://huggingface.co`.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_frame_ancestors(["https://huggingface.co"]);
    /// ```
    #[must_use]
    pub fn with_frame_ancestors(
        mut self,
        sources: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.frame_ancestors.extend(sources.into_iter().map(Into::into));
        self
    }

    /// Makes the HTML of the SDK's own pages, in place of the SDK's plain design. They are shown
    /// when a sign-in did not work, when a session has ended under a form, and the like.
    ///
    /// The response has your HTML and the SDK's status; its Content Security Policy says only who
    /// may frame the page, so that your styles apply.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// # fn escape(text: &str) -> String { text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;") }
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_page_template(|page| {
    ///         format!(
    ///             "<!doctype html><html lang=\"{}\"><title>{title}</title><h1>{title}</h1><p>{}</p>\
    ///              <a href=\"{}\">{}</a>",
    ///             page.language,
    ///             escape(page.text),
    ///             escape(page.action.address),
    ///             escape(page.action.label),
    ///             title = escape(page.title),
    ///         )
    ///     });
    /// ```
    ///
    /// An app that knows [`PageActionKind::Form`](crate::PageActionKind::Form) makes a form of it:
    /// "Sign out?" is such a page. It opens a new window for
    /// [`PageActionKind::NewWindow`](crate::PageActionKind::NewWindow): the form below can then be
    /// sent again.
    #[must_use]
    pub fn with_page_template(
        mut self,
        template: impl Fn(&PageContent<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.page_template = Some(PageTemplate::new(template));
        self
    }
}
