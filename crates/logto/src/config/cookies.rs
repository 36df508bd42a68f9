//! Settings about the session's cookies.

use super::LogtoConfig;

/// The name of the session cookie of an app that configures none.
pub(super) fn default_name(app_id: &str) -> String {
    let plain: String =
        app_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
    format!("logto_{plain}")
}

impl LogtoConfig {
    /// The name of the session cookie, without prefix. Default: `logto_` and the application's id,
    /// so that two apps on one host do not sign each other's users out.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // Without prefix: the SDK adds `__Host-` where it can.
    /// assert!(Logto::new(config.clone().with_cookie_name("shop_session")).is_ok());
    /// assert!(Logto::new(config.with_cookie_name("shop;session")).is_err());
    /// ```
    #[must_use]
    pub fn with_cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// A domain whose other hosts get the session's cookies too, for example `example.com` for an
    /// app at `app.example.com`. Default: this host alone. Every host of that domain can then read
    /// and replace the cookies, so all of them have to be trusted. The app's own hosts have to be
    /// in it: browsers drop the cookies of others.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // One session for `app.example.com` and `docs.example.com`, which share the secret.
    /// let config = config.with_base_url("https://app.example.com").with_cookie_domain("example.com");
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// The path below which browsers send the session's cookies. Default: `/`. It has to cover the
    /// SDK's own routes.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // Other apps live on the same host.
    /// let config = config.with_base_url("https://example.com/shop").with_cookie_path("/shop");
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_cookie_path(mut self, path: impl Into<String>) -> Self {
        self.cookie_path = path.into();
        self
    }

    /// How many bytes the session's cookies may have in all. Default: 2 KiB, so that a response
    /// with them and a usual app's other headers stays below the 4 KiB at which nginx stops by
    /// default.
    ///
    /// Access tokens that do not fit are kept in the session store. A session whose claims do not
    /// fit is kept there as a whole, and its cookie points to it. Without a configured store
    /// that is this process's memory, so configure a store where users are in many
    /// organizations and you run several instances.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // Nothing in front of this app limits headers to 4 KiB.
    /// let logto = Logto::new(config.with_cookie_budget_bytes(6 * 1024))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_cookie_budget_bytes(mut self, bytes: usize) -> Self {
        self.cookie_budget = bytes;
        self
    }

    /// Signs users in where the app is shown in a frame of another site, such as a Hugging Face
    /// Space: the frame gets a session cookie of its own (`SameSite=None; Secure;
    /// Partitioned`), which other sites that show the app do not share.
    ///
    /// `SameSite=Lax` cookies never reach such a frame, and Logto's pages cannot be shown in it. So
    /// a page in a frame that needs a signed-in user shows a button that opens a window.
    /// There the user signs in and confirms, and the window hands the session over to the
    /// frame that opened it. In a frame, the session counts only for requests of the app's own
    /// pages, and for pages that are opened.
    ///
    /// It needs [`with_frame_ancestors`](Self::with_frame_ancestors), and does nothing where the
    /// base URL is plain http. A user who signs out in the frame or in the window is signed
    /// out in both.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_base_url("https://owner-name.hf.space")
    ///     .with_frame_ancestors(["https://huggingface.co"])
    ///     .with_partitioned_cookies();
    /// ```
    #[must_use]
    pub fn with_partitioned_cookies(mut self) -> Self {
        self.partitioned_cookies = true;
        self
    }
}
