//! `LogtoConfig`: written by the app, validated once.

mod cookies;
mod environment;
mod error;
mod hosts;
mod page;
mod paths;
mod prompt;
mod requests;
mod routes;
pub(crate) mod scope;
mod sessions;
mod settings;
mod trimmed;
pub(crate) mod validate;
mod webhooks;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::clock::Clock;
use crate::http::Limits;
use crate::storage::Storage;
use crate::webhooks::WebhookHandler;

pub use error::{ConfigError, ConfigProblem};
pub(crate) use page::PageTemplate;
pub use page::{PageAction, PageActionKind, PageContent};
pub use prompt::Prompt;
pub(crate) use settings::{Settings, issuer_of};
pub(crate) use trimmed::trimmed;

/// What the SDK has to know about your app and your Logto tenant.
///
/// Nothing is checked here; [`Logto::new`](crate::Logto::new) checks everything at once and names
/// every problem.
///
/// # Example
///
/// ```
/// use logto::{Logto, LogtoConfig};
///
/// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
///     .with_base_url("https://app.example.com")
///     .with_cookie_secret("thirty-two characters or more, please")
///     .with_scopes(["email", "identities"]);
/// let logto = Logto::new(config)?;
/// # Ok::<(), logto::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogtoConfig {
    pub(crate) endpoint: String,
    pub(crate) app_id: String,
    pub(crate) app_secret: SecretString,
    pub(crate) internal_endpoint: Option<String>,
    pub(crate) base_url: String,
    pub(crate) allowed_base_urls: Vec<String>,
    pub(crate) cookie_secrets: Vec<SecretString>,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) offline_access: bool,
    pub(crate) prompt: Prompt,
    pub(crate) route_prefix: String,
    pub(crate) after_sign_in: String,
    pub(crate) after_sign_out: String,
    pub(crate) sign_out_by_get: bool,
    pub(crate) cookie_name: Option<String>,
    pub(crate) cookie_domain: Option<String>,
    pub(crate) cookie_path: String,
    pub(crate) cookie_budget: usize,
    pub(crate) session_cache: usize,
    pub(crate) frame_ancestors: Vec<String>,
    pub(crate) partitioned_cookies: bool,
    pub(crate) page_template: Option<PageTemplate>,
    pub(crate) session_lifetime: Duration,
    pub(crate) idle_lifetime: Option<Duration>,
    pub(crate) renewal_interval: Option<Duration>,
    pub(crate) storage: Option<Arc<dyn Storage>>,
    pub(crate) sessions_in_cookies: bool,
    pub(crate) clock_tolerance: Duration,
    pub(crate) storage_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) webhook_keys: Vec<SecretString>,
    pub(crate) webhook_handler: Option<WebhookHandler>,
    pub(crate) sign_out_on_password_reset: bool,
    /// Of a type that a higher layer knows.
    pub(crate) sign_in_hook: Option<Arc<dyn Any + Send + Sync>>,
}

impl LogtoConfig {
    /// The three values that Logto's console shows for a "Traditional web" application.
    ///
    /// White space around them, and around other secrets, does not count: they may be the contents of
    /// files, which end with a line break.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, LogtoConfig};
    ///
    /// # fn secret_from_your_vault(_: &str) -> String { "thirty-two characters or more, please".to_owned() }
    /// let secret = secret_from_your_vault("logto-app-secret");
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", secret)
    ///     .with_base_url("https://app.example.com")
    ///     .with_cookie_secret(secret_from_your_vault("cookie-secret"));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn new(
        endpoint: impl Into<String>,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            app_id: trimmed(app_id),
            app_secret: trimmed(app_secret).into(),
            internal_endpoint: None,
            base_url: "http://localhost:3000".to_owned(),
            allowed_base_urls: Vec::new(),
            cookie_secrets: Vec::new(),
            scopes: Vec::new(),
            resources: Vec::new(),
            offline_access: true,
            prompt: Prompt::Consent,
            route_prefix: String::new(),
            after_sign_in: "/".to_owned(),
            after_sign_out: "/".to_owned(),
            sign_out_by_get: false,
            cookie_name: None,
            cookie_domain: None,
            cookie_path: "/".to_owned(),
            cookie_budget: 2 * 1024,
            session_cache: 64 * 1024 * 1024,
            frame_ancestors: Vec::new(),
            partitioned_cookies: false,
            page_template: None,
            session_lifetime: Duration::from_secs(14 * 24 * 3600),
            idle_lifetime: None,
            renewal_interval: None,
            storage: None,
            sessions_in_cookies: false,
            clock_tolerance: Duration::from_secs(60),
            storage_timeout: Duration::from_secs(3),
            clock: Clock::system(),
            limits: Limits::default(),
            webhook_keys: Vec::new(),
            webhook_handler: None,
            sign_out_on_password_reset: false,
            sign_in_hook: None,
        }
    }

    /// The address at which browsers reach your app, with its path if it has one. Default:
    /// `http://localhost:3000`. Everything that depends on the outside world follows from it, not
    /// from request headers: redirect URIs, `Secure` and the `__Host-` prefix of cookies, and the
    /// origin that may sign users out.
    ///
    /// Plain http is accepted on this machine and, with a warning in the log, in private networks:
    /// private addresses, names without a dot such as those of containers, and names that end in
    /// `.local`, `.internal` or `.home.arpa`. The same holds for the endpoint.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Route;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// let logto = Logto::new(config.with_base_url("https://example.com/shop"))?;
    /// assert_eq!(logto.port(), 443);
    /// // A proxy may take the path away, or not: both are the callback.
    /// assert_eq!(logto.route_at("/shop/callback"), Some(Route::Callback));
    /// assert_eq!(logto.route_at("/callback"), Some(Route::Callback));
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = trimmed(base_url);
        self
    }

    /// Further addresses at which browsers reach the same app, such as a second domain. The first
    /// label of a host may be `*`, which stands for any one label: `https://*.preview.example.com`.
    ///
    /// A request is for the address that its `Host` names, if that is the base URL or one of these;
    /// all others are treated as if they were for the base URL, and what they say of themselves
    /// is never repeated. Redirect URI, page to return to and checks of the origin follow;
    /// cookies belong to each host, so a user signs in at each. A proxy has to pass `Host` on
    /// as the browser sent it.
    ///
    /// Each has the scheme and the path of the base URL. Register the redirect URI of each in
    /// Logto, and with `*` one for each host that users sign in at: Logto takes no wildcards.
    /// Someone who may have a page under such a name is trusted with the sessions of that host.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_base_url("https://app.example.com")
    ///     .with_allowed_base_urls(["https://app.example.org", "https://*.preview.example.com"]);
    /// ```
    #[must_use]
    pub fn with_allowed_base_urls(
        mut self,
        urls: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.allowed_base_urls.extend(urls.into_iter().map(Into::into));
        self
    }

    /// A secret of at least 32 bytes that cookies are encrypted with. Call it again to add
    /// older secrets: the first seals, all open, so that a secret can be changed without signing
    /// users out. With several instances that takes three steps: add the new secret last on all of
    /// them, then move it to the front, and drop the old one when the last session sealed with it
    /// has ended.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// // The second step of a change: all instances open cookies of both.
    /// let config = config
    ///     .with_cookie_secret("the new secret of 32 bytes or more")
    ///     .with_cookie_secret("the old secret of 32 bytes or more");
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_cookie_secret(mut self, secret: impl Into<String>) -> Self {
        self.cookie_secrets.push(trimmed(secret).into());
        self
    }

    /// Scopes to ask for besides `openid`, `offline_access` and `profile`, which are always asked
    /// for: `email`, `phone`, `address`, `identities`, `custom_data`, `roles`,
    /// `urn:logto:scope:organizations`, `urn:logto:scope:organization_roles`, and the permissions
    /// of your API resources.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// let config = config
    ///     .with_scopes(["email", "urn:logto:scope:organizations"])
    ///     // Permissions of the API that the next line names.
    ///     .with_scopes(["read:things", "write:things"])
    ///     .with_resources(["https://api.example.com"]);
    /// ```
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// API resource indicators to ask for. One that Logto does not know is left out of sign-ins,
    /// and named in the log as an error: a mistake about an API must not lock users out.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // The indicator is a URI, as it is registered in Logto.
    /// let config = config.with_resources(["api.example.com"]);
    /// let problems = Logto::new(config).map_err(|error| error.problems().to_vec());
    /// assert!(problems.is_err_and(|all| all.iter().any(|one| one.setting() == "LOGTO_RESOURCES")));
    /// ```
    #[must_use]
    pub fn with_resources<S: Into<String>>(
        mut self,
        resources: impl IntoIterator<Item = S>,
    ) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// What Logto shows at every sign-in, unless that sign-in says otherwise. Default:
    /// [`Prompt::Consent`].
    ///
    /// Logto silently drops `offline_access`, and with it the refresh token, where the prompt has
    /// no `consent`. A prompt without it is therefore refused unless
    /// [`without_offline_access`](Self::without_offline_access) says that it is meant.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, Prompt};
    /// # let config = logto::LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // A shared computer: the password each time.
    /// assert!(Logto::new(config.clone().with_prompt(Prompt::LoginConsent)).is_ok());
    /// // Refused: it would silently lose the refresh token.
    /// assert!(Logto::new(config.with_prompt(Prompt::Login)).is_err());
    /// ```
    #[must_use]
    pub fn with_prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// Does without a refresh token: access tokens end after an hour and are not renewed.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, Prompt};
    /// # let config = logto::LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // For an app that only wants to know who it is, and asks no API.
    /// let logto = Logto::new(config.with_prompt(Prompt::Login).without_offline_access())?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn without_offline_access(mut self) -> Self {
        self.offline_access = false;
        self
    }
}
