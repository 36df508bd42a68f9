//! `Logto`, the handle that an app holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use logto_http::is_loopback;
use url::form_urlencoded;

use crate::config::{ConfigError, LogtoConfig, Settings};
use crate::error::Error;
use crate::flow::{Engine, Transactions};
use crate::resource_server::{Api, ApiConfig};
use crate::session::manager::SessionInfo;
use crate::web::{Account, Context, Reply, Request, Route};

/// One application at one Logto tenant. Cheap to clone; make one when the app starts and share it.
///
/// Making it does not talk to Logto, so an app starts while Logto is down.
///
/// # Example
///
/// ```
/// use logto::{Logto, LogtoConfig};
///
/// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
///     .with_cookie_secret("thirty-two characters or more, please");
/// let logto = Logto::new(config)?;
/// # Ok::<(), logto::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Logto(Arc<Engine>);

impl Logto {
    /// Checks the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, LogtoConfig};
    ///
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
    /// // The cookie secret is missing.
    /// let error = Logto::new(config).err();
    /// assert!(error.is_some_and(|error| error.to_string().contains("LOGTO_COOKIE_SECRET")));
    /// ```
    pub fn new(config: LogtoConfig) -> Result<Self, ConfigError> {
        let settings = Settings::validate(config)?;
        for address in [&settings.endpoint, &settings.base] {
            if address.scheme() == "http" && !is_loopback(address) {
                tracing::warn!(%address, "plain HTTP: traffic is not encrypted");
            }
        }
        Engine::new(settings)
            .map(|engine| Self(Arc::new(engine)))
            .map_err(|error| ConfigError::from_initialization(&error))
    }

    /// The configuration of the environment; see [`LogtoConfig::from_env`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every variable that is missing, or with every problem that was found.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use logto::Logto;
    ///
    /// fn main() -> Result<(), logto::ConfigError> {
    ///     // Names every variable that is missing, in one error.
    ///     let logto = Logto::from_env()?;
    ///     println!("listening on port {}", logto.port());
    ///     Ok(())
    /// }
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new(LogtoConfig::from_env()?)
    }

    /// The address at which browsers reach the app, as configured.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_base_url("https://app.example.com")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// // The link in a mail, for which there is no request.
    /// let link = logto.base_url().join("/invitations/42");
    /// assert!(link.is_ok_and(|link| link.as_str() == "https://app.example.com/invitations/42"));
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn base_url(&self) -> &url::Url {
        &self.0.settings.base
    }

    /// The port of the base URL: the port to listen on when there is no proxy in front of the app.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// let config = config.with_base_url("http://localhost:4000");
    /// assert_eq!(Logto::new(config)?.port(), 4000);
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.settings.base.port_or_known_default().unwrap_or(443)
    }

    /// An API of this app, by its resource indicator or all of its configuration. It shares keys,
    /// clock and clock tolerance with the app.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::ApiConfig;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    ///
    /// let things = logto.api("https://api.example.com/things")?;
    /// let public = ApiConfig::new("https://api.example.com").with_resource_metadata(["read:things"]);
    /// let public = logto.api(public)?;
    /// assert_eq!(public.metadata_path(), Some("/.well-known/oauth-protected-resource"));
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    pub fn api(&self, config: impl Into<ApiConfig>) -> Result<Api, ConfigError> {
        let settings = &self.0.settings;
        let config = config
            .into()
            .with_clock(settings.clock.clone())
            .with_clock_tolerance(Duration::from_secs(settings.clock_tolerance));
        Api::sharing(&self.0.provider, config)
    }

    /// One request, as extractors and route handlers see it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, LogtoConfig};
    /// use logto::web::Request;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// // In a framework without an adapter, or in a test.
    /// let request = Request::new("GET", "/profile", [("accept", "text/html"), ("cookie", "theme=dark")]);
    /// let context = logto.context(request);
    /// assert!(context.maybe_user().await.is_ok_and(|user| user.is_none()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn context(&self, request: Request) -> Context {
        Context::new(Arc::clone(&self.0), request)
    }

    /// One request that is not looked at yet: what most routes never ask about costs nothing. The
    /// first to ask [gives it its request](Context::with_request).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    /// use logto::web::{Context, Request};
    ///
    /// /// What the middleware of an adapter leaves for extractors.
    /// fn before_the_handler(logto: &Logto) -> Context {
    ///     logto.lazy_context()
    /// }
    ///
    /// /// What an extractor does with it.
    /// async fn is_signed_in(context: &Context, cookie: &str) -> Result<bool, logto::Error> {
    ///     let context = context.with_request(|| Request::new("GET", "/", [("cookie", cookie)]));
    ///     context.is_authenticated().await
    /// }
    /// ```
    #[must_use]
    pub fn lazy_context(&self) -> Context {
        Context::lazy(Arc::clone(&self.0))
    }

    /// The path to mount one of the SDK's own routes at, with the configured prefix.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Route;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// let logto = Logto::new(config.with_route_prefix("/auth"))?;
    /// assert_eq!(logto.route_path(Route::Callback), "/auth/callback");
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn route_path(&self, route: Route) -> String {
        self.0.settings.mounted(route)
    }

    /// The SDK's own route at the path of a request, with or without the path of the base URL: a
    /// proxy may have taken that away. For what happens before the framework has matched a route;
    /// empty segments are passed over, since a framework may do that.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Route;
    /// use logto::{Logto, LogtoConfig};
    ///
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_cookie_secret("thirty-two characters or more, please")
    ///     .with_base_url("https://example.com/shop")
    ///     .with_route_prefix("/auth");
    /// let logto = Logto::new(config)?;
    /// assert_eq!(logto.route_at("/auth/callback"), Some(Route::Callback));
    /// assert_eq!(logto.route_at("/shop/auth//callback/"), Some(Route::Callback));
    /// assert_eq!(logto.route_at("/callback"), None);
    /// assert_eq!(logto.route_at("/auth/shop/callback"), None);
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn route_at(&self, path: &str) -> Option<Route> {
        self.0.settings.route_at(path)
    }

    /// Whether a query comes back from a sign-in or an [account
    /// link](crate::web::Account::begin_link) that this app began: it may hold a code, which a
    /// log must not have. For adapters of frameworks that log the address of every request.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// fn logged<'a>(logto: &Logto, path: &'a str, query: &str) -> String {
    ///     let query = if logto.may_hold_code(query) { "…" } else { query };
    ///     format!("GET {path}?{query}")
    /// }
    /// assert_eq!(logged(&logto, "/things", "page=2"), "GET /things?page=2");
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn may_hold_code(&self, query: &str) -> bool {
        let mut query = form_urlencoded::parse(query.as_bytes());
        let state = query.find(|(name, _)| name == "state");
        let keys = &self.0.keys;
        state.is_some_and(|(_, state)| {
            Transactions::is_state(keys, &state) || Account::is_link_state(keys, &state)
        })
    }

    /// The body of a request to one of the SDK's own routes, for
    /// [`Request::with_body`](crate::web::Request::with_body).
    ///
    /// `read` reads it with the framework's means, up to a number of bytes, and fails if it is
    /// longer. A body that is longer, broken, or not there after 5 seconds is left out, as if
    /// there were none. Most routes read none and do not wait for one, nor do those of webhooks
    /// and frames in an app that has none.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// use logto::Logto;
    /// use logto::web::{Reply, Request, Route};
    ///
    /// # async fn to_bytes(_: (), limit: usize) -> Result<Vec<u8>, Infallible> { Ok(vec![0; limit]) }
    /// # async fn example(logto: &Logto, route: Route, request: Request, body: ()) -> Reply {
    /// let body = logto.read_body(route, &request, |limit| to_bytes(body, limit)).await;
    /// logto.handle(route, request.with_body(body)).await
    /// # }
    /// ```
    pub async fn read_body<B, E, F>(
        &self,
        route: Route,
        request: &Request,
        read: impl FnOnce(usize) -> F,
    ) -> B
    where
        B: Default,
        F: Future<Output = Result<B, E>>,
    {
        route.read_body(&self.0, request, read).await
    }

    /// Answers a request to one of the SDK's own routes. An adapter passes every method; which
    /// ones are answered, and with what, is decided here.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    /// use logto::web::{Reply, Request, Route};
    ///
    /// /// What an adapter mounts at `logto.route_path(Route::Callback)`.
    /// async fn callback(logto: &Logto, target: &str, cookie: &str) -> Reply {
    ///     logto.handle(Route::Callback, Request::new("GET", target, [("cookie", cookie)])).await
    /// }
    /// ```
    pub async fn handle(&self, route: Route, request: Request) -> Reply {
        route.handle(&self.context(request)).await
    }

    /// The sessions that the store lists for a user, oldest first: for a page that shows them.
    /// Sessions in cookies are listed where a [storage](LogtoConfig::with_storage) stands
    /// beside them. For the page of the user themselves there is
    /// [`User::sessions`](crate::web::User::sessions).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    ///
    /// # Example
    ///
    /// ```
    /// # async fn example(logto: logto::Logto, sub: &str) -> Result<(), logto::Error> {
    /// // All but the newest.
    /// let sessions = logto.sessions_of(sub).await?;
    /// for session in sessions.iter().rev().skip(1) {
    ///     logto.end_session(sub, &session.id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sessions_of(&self, sub: &str) -> Result<Vec<SessionInfo>, Error> {
        let sessions = self.0.sessions.sessions_of(sub, self.now()).await?;
        Ok(sessions.iter().map(|listed| listed.info(None)).collect())
    }

    /// Ends one session of a user, by the [id](SessionInfo::id) that the list gives it, and
    /// revokes its refresh token. `false` if there is no such session any more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable). If Logto cannot be
    /// reached to revoke the refresh token, that is logged and no error.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::Logto;
    /// /// For a page of your support team.
    /// async fn end(logto: &Logto, sub: &str, session_id: &str) -> Result<&'static str, logto::Error> {
    ///     Ok(match logto.end_session(sub, session_id).await? {
    ///         true => "The session has ended.",
    ///         false => "The session had ended before.",
    ///     })
    /// }
    /// ```
    pub async fn end_session(&self, sub: &str, id: &str) -> Result<bool, Error> {
        self.0.end_by_id(sub, id).await
    }

    /// Signs a user out of all sessions of this app that began before now: those in the store,
    /// whose refresh tokens are revoked too, and those in cookies. Without a common store it
    /// reaches the sessions that this process meets.
    ///
    /// Logto's own session is not ended by this: the user may be signed in again without a
    /// password. Ending it, or suspending the user, takes Logto's Management API.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::Logto;
    /// # async fn delete_rows_of(_: &str) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
    /// async fn delete_user(logto: &Logto, sub: &str) -> Result<(), Box<dyn std::error::Error>> {
    ///     logto.sign_out_everywhere(sub).await?;
    ///     delete_rows_of(sub).await
    /// }
    /// ```
    pub async fn sign_out_everywhere(&self, sub: &str) -> Result<(), Error> {
        // By Logto's clock it may be later than here. Sign-ins from now on find the marker, so that
        // it does not end them.
        let until = self.now().saturating_add(self.0.settings.clock_tolerance);
        let (engine, sub) = (Arc::clone(&self.0), sub.to_owned());
        self.0.tasks.run(async move { engine.end_user(&sub, until).await }).await?
    }

    /// Whether the store of sessions answers and can be written, for a readiness probe. It takes no
    /// longer than [`with_storage_timeout`](LogtoConfig::with_storage_timeout).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if not.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    ///
    /// // GET /ready
    /// async fn ready(logto: &Logto) -> (u16, &'static str) {
    ///     match logto.ping_storage().await {
    ///         Ok(()) => (200, "ready"),
    ///         Err(_) => (503, "the session store does not answer"),
    ///     }
    /// }
    /// ```
    pub async fn ping_storage(&self) -> Result<(), Error> {
        self.0.sessions.ping().await
    }

    /// Waits until the work that outlives its requests is done: refreshes, sign-outs and
    /// revocations under way. Call it when the server has stopped, before the process ends: a
    /// refresh that is cut between Logto's answer and the store costs a user their session.
    ///
    /// The log says what is waited for: tasks, and among them refreshed tokens, sign-outs,
    /// back-channel logouts, and webhooks that the store has not taken yet. They are tried as long
    /// as the process lives.
    ///
    /// Returns the number of tasks that were still running after `timeout`. Each of them may lose a
    /// session, or keep a user signed in, if the process exits now; the log then has an error.
    ///
    /// # Example
    ///
    /// ```
    /// # async fn example(logto: logto::Logto) {
    /// use std::time::Duration;
    ///
    /// logto.drain(Duration::from_secs(30)).await;
    /// # }
    /// ```
    pub async fn drain(&self, timeout: Duration) -> usize {
        let engine = &self.0;
        let tasks = engine.tasks.running();
        if tasks > 0 {
            tracing::info!(
                tasks,
                unstored_refreshes = engine.refreshes.unstored(),
                unstored_sign_outs = engine.sessions.pending.count(),
                unstored_logouts = engine.waiting_logouts.count(),
                webhooks = engine.deliveries.count(),
                "waiting for background tasks"
            );
        }
        let left = engine.tasks.drain(timeout).await;
        if left > 0 {
            tracing::error!(
                tasks = left,
                unstored_refreshes = engine.refreshes.unstored(),
                unstored_sign_outs = engine.sessions.pending.count(),
                unstored_logouts = engine.waiting_logouts.count(),
                webhooks = engine.deliveries.count(),
                "drain timed out with background tasks running: if the process exits now, refreshed \
                 sessions may be lost, and users whose sign-out, back-channel logout, or webhook is \
                 not stored stay signed in"
            );
        }
        left
    }

    fn now(&self) -> u64 {
        self.0.settings.clock.now()
    }
}

impl fmt::Debug for Logto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logto")
            .field("endpoint", &self.0.settings.endpoint.as_str())
            .field("app_id", &self.0.settings.app_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::m2m::MachineApp;
    use crate::resource_server::{AccessTokenClaims, Api, Policy};
    use crate::web::{Context, User};
    use crate::{AccessToken, Error, IdTokenClaims, Logto, LogtoConfig, UserInfo};

    /// Handlers hold these across an `.await`, on any thread.
    #[test]
    fn what_handlers_hold_may_move_between_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Logto>();
        check::<LogtoConfig>();
        check::<Context>();
        check::<User>();
        check::<(Error, IdTokenClaims, UserInfo, AccessToken)>();
        check::<(Api, Policy, AccessTokenClaims)>();
        check::<MachineApp>();
    }
}
