//! `LogtoConfig`: written by the app, validated once.

mod environment;
mod error;
mod hosts;
mod page;
mod paths;
mod prompt;
pub(crate) mod scope;
mod settings;
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
    #[must_use]
    pub fn new(
        endpoint: impl Into<String>,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            app_id: app_id.into(),
            app_secret: app_secret.into().into(),
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
    /// origin that may sign people out.
    ///
    /// Plain http is accepted on this machine and, with a warning in the log, in private networks:
    /// private addresses, names without a dot such as those of containers, and names that end in
    /// `.local`, `.internal` or `.home.arpa`. The same holds for the endpoint.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Further addresses at which browsers reach the same app, such as a second domain. The first label of
    /// a host may be `*`, which stands for any one label: `https://*.preview.example.com`.
    ///
    /// A request is for the address that its `Host` names, if that is the base URL or one of these; all
    /// others are treated as if they were for the base URL, and what they say of themselves is never
    /// repeated. Redirect URI, page to return to and checks of the origin follow; cookies belong to each
    /// host, so a person signs in at each. A proxy has to pass `Host` on as the browser sent it.
    ///
    /// Each has the scheme and the path of the base URL. Register the redirect URI of each in Logto, and
    /// with `*` one for each host that people sign in at: Logto takes no wildcards. Someone who may have a
    /// page under such a name is trusted with the sessions of that host.
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
    /// them, then move it to the front, and drop the old one when the last session sealed with it is
    /// over.
    #[must_use]
    pub fn with_cookie_secret(mut self, secret: impl Into<String>) -> Self {
        self.cookie_secrets.push(secret.into().into());
        self
    }

    /// Scopes to ask for besides `openid`, `offline_access` and `profile`, which are always asked
    /// for: `email`, `phone`, `address`, `identities`, `custom_data`, `roles`,
    /// `urn:logto:scope:organizations`, `urn:logto:scope:organization_roles`, and the permissions
    /// of your API resources.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// API resource indicators to ask for. One that Logto does not know is left out of sign-ins, and
    /// named in the log as an error: a mistake about an API must not lock people out.
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
    #[must_use]
    pub fn with_prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// Does without a refresh token: access tokens end after an hour and are not renewed.
    #[must_use]
    pub fn without_offline_access(mut self) -> Self {
        self.offline_access = false;
        self
    }

    /// A path before the SDK's own routes: with `/auth` they are `/auth/sign-in`,
    /// `/auth/callback` and so on. Default: none.
    #[must_use]
    pub fn with_route_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.route_prefix = prefix.into();
        self
    }

    /// Where people go after signing in if they did not ask for a page. Default: `/`.
    #[must_use]
    pub fn with_after_sign_in(mut self, path: impl Into<String>) -> Self {
        self.after_sign_in = path.into();
        self
    }

    /// Where people come back to after signing out; the address must be registered in Logto as
    /// post sign-out redirect URI. Default: `/`.
    #[must_use]
    pub fn with_after_sign_out(mut self, path: impl Into<String>) -> Self {
        self.after_sign_out = path.into();
        self
    }

    /// Also signs out by a plain link (`GET /sign-out`) of this site. Links on other sites stay
    /// refused, as far as the browser tells where one was clicked; a form with `method="post"` does
    /// not depend on that.
    #[must_use]
    pub fn with_sign_out_by_get(mut self) -> Self {
        self.sign_out_by_get = true;
        self
    }

    /// The name of the session cookie, without prefix. Default: `logto_` and the application's id,
    /// so that two apps on one host do not sign each other's people out.
    #[must_use]
    pub fn with_cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// A domain whose other hosts get the session's cookies too, for example `example.com` for an app
    /// at `app.example.com`. Default: this host alone. Every host of that domain can then read and
    /// replace the cookies, so all of them have to be trusted.
    #[must_use]
    pub fn with_cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// The path below which browsers send the session's cookies. Default: `/`. It has to cover the
    /// SDK's own routes.
    #[must_use]
    pub fn with_cookie_path(mut self, path: impl Into<String>) -> Self {
        self.cookie_path = path.into();
        self
    }

    /// Keeps sessions in a store instead of in cookies: any number of access tokens, sign-out
    /// everywhere, and refreshes that several instances do once. [`MemoryStorage`] is for one
    /// process; `logto-redis` and `logto-sqlx` are for several.
    ///
    /// Sessions that are in cookies already go on there until they end.
    ///
    /// [`MemoryStorage`]: crate::storage::MemoryStorage
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use logto::storage::MemoryStorage;
    /// # let config = logto::LogtoConfig::new("https://t.logto.app", "id", "secret");
    /// let config = config.with_storage(Arc::new(MemoryStorage::new()));
    /// ```
    #[must_use]
    pub fn with_storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Keeps sessions in cookies although there is a [storage](Self::with_storage). The store then
    /// only holds what instances have to agree on: that a session is over, and what a refresh made of
    /// it.
    #[must_use]
    pub fn with_sessions_in_cookies(mut self) -> Self {
        self.sessions_in_cookies = true;
        self
    }

    /// How long after its last use a session ends. Default: only the
    /// [session lifetime](Self::with_session_lifetime) ends it.
    #[must_use]
    pub fn with_idle_lifetime(mut self, idle: Duration) -> Self {
        self.idle_lifetime = Some(idle);
        self
    }

    /// How often the use of a session is noted, where there is an
    /// [idle lifetime](Self::with_idle_lifetime); that costs a write to the store, or a cookie.
    /// Default: a twentieth of the idle lifetime.
    #[must_use]
    pub fn with_renewal_interval(mut self, interval: Duration) -> Self {
        self.renewal_interval = Some(interval);
        self
    }

    /// How long after signing in a person has to sign in again. Default: 14 days, the life of
    /// Logto's refresh tokens.
    #[must_use]
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// How many bytes the session's cookies may have in all. Default: 2 KiB, so that a response with
    /// them and a usual app's other headers stays below the 4 KiB at which nginx stops by default.
    ///
    /// Access tokens that do not fit are kept in the session store. A session whose claims do not fit
    /// is kept there as a whole, and its cookie points to it. Without a configured store that is this
    /// process's memory, so configure a store where people are in many organizations and you run
    /// several instances.
    #[must_use]
    pub fn with_cookie_budget(mut self, bytes: usize) -> Self {
        self.cookie_budget = bytes;
        self
    }

    /// The tenant as this server reaches it, where that differs from the address that browsers use:
    /// in a network of containers, for example. Browsers, the issuer and every check keep the
    /// endpoint; only this server's own requests go here.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::LogtoConfig;
    /// let config = LogtoConfig::new("https://auth.example.com", "my app id", "my app secret")
    ///     .with_internal_endpoint("http://logto:3001");
    /// ```
    #[must_use]
    pub fn with_internal_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.internal_endpoint = Some(endpoint.into());
        self
    }

    /// Who may show the SDK's own pages in a frame, as sources of CSP's `frame-ancestors` (Content
    /// Security Policy Level 3, section 6.4.2). Default: no one. For a Hugging Face Space that is
    /// `https://huggingface.co`.
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

    /// Signs people in where the app is shown in a frame of another site, such as a Hugging Face Space: the
    /// frame gets a session cookie of its own (`SameSite=None; Secure; Partitioned`), which other sites
    /// that show the app do not share.
    ///
    /// `SameSite=Lax` cookies never reach such a frame, and Logto's pages cannot be shown in it. So a page
    /// in a frame that needs a signed-in person shows a button that opens a window. There the person signs
    /// in and confirms, and the window hands the session over to the frame that opened it. In a frame,
    /// the session counts only for requests of the app's own pages, and for pages that are opened.
    ///
    /// It needs [`with_frame_ancestors`](Self::with_frame_ancestors), and does nothing where the base URL
    /// is plain http. A person who signs out in the frame or in the window is signed out in both.
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

    /// Makes the HTML of the SDK's own pages, in place of the SDK's plain design. They are shown when a
    /// sign-in did not work, when a session has ended under a form, and the like.
    ///
    /// The response has your HTML and the SDK's status; its Content Security Policy says only who may
    /// frame the page, so that your styles apply.
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
    /// An app that knows [`PageActionKind::Form`] makes a form of it: "Sign out?" is such a page.
    #[must_use]
    pub fn with_page_template(
        mut self,
        template: impl Fn(&PageContent<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.page_template = Some(PageTemplate::new(template));
        self
    }

    /// How many bytes of opened sessions this process keeps for the requests that follow. Default:
    /// 64 MiB.
    ///
    /// A session takes the bytes of its cookie and 600 more, so this is enough for 35,000 to 55,000
    /// people; one whose page reads [all claims](crate::web::User::claims) takes about five times the
    /// bytes of the claims more. Memory is taken as people come. Beyond that, those who come often stay
    /// and the others' sessions are opened again, which costs two microseconds a request.
    #[must_use]
    pub fn with_session_cache(mut self, bytes: usize) -> Self {
        self.session_cache = bytes;
        self
    }

    /// How far the clocks of this server and Logto may be apart. Default: 60 seconds.
    #[must_use]
    pub fn with_clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// How long connecting to Logto may take. Default: 5 seconds.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = timeout;
        self
    }

    /// How long a request to Logto may take in all. Default: 10 seconds.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.limits.request_timeout = timeout;
        self
    }

    /// How many requests to Logto may be under way at once. Default: 32. Further ones wait for their
    /// turn, first come, first served, as long as a
    /// [request may take](Self::with_request_timeout); then they count as an outage: requests that
    /// need Logto get 503, and nobody is signed out.
    #[must_use]
    pub fn with_max_concurrent_requests(mut self, requests: usize) -> Self {
        self.limits.max_concurrent = requests;
        self
    }

    /// How long the store may take for one answer. Default: 3 seconds. After that it counts as down:
    /// requests that need it get 503, and nobody is signed out.
    #[must_use]
    pub fn with_storage_timeout(mut self, timeout: Duration) -> Self {
        self.storage_timeout = timeout;
        self
    }

    /// The clock that sessions and tokens are measured with; for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
