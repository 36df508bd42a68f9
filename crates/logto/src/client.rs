//! The handle that an app holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::api::{Api, ApiConfig};
use crate::config::{ConfigError, LogtoConfig, Settings};
use crate::engine::Engine;
use crate::web::{Context, Reply, Request, Route};

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
    pub fn new(config: LogtoConfig) -> Result<Self, ConfigError> {
        let settings = Settings::validate(config)?;
        Engine::new(settings)
            .map(|engine| Self(Arc::new(engine)))
            .map_err(|error| ConfigError::of_the_system(&error))
    }

    /// The configuration of the environment; see [`LogtoConfig::from_env`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every variable that is missing, or with every problem that was found.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new(LogtoConfig::from_env()?)
    }

    /// The address at which browsers reach the app, as configured.
    #[must_use]
    pub fn base_url(&self) -> &url::Url {
        &self.0.settings.base
    }

    /// The port of the base URL, which is where an app listens that no proxy stands before.
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
    pub fn api(&self, config: impl Into<ApiConfig>) -> Result<Api, ConfigError> {
        let settings = &self.0.settings;
        let config = config
            .into()
            .with_clock(settings.clock.clone())
            .with_clock_tolerance(Duration::from_secs(settings.clock_tolerance));
        Api::sharing(&self.0.provider, config)
    }

    /// One request, as extractors and route handlers see it.
    #[must_use]
    pub fn context(&self, request: Request) -> Context {
        Context::new(Arc::clone(&self.0), request)
    }

    /// The path to mount one of the SDK's own routes at, with the configured prefix.
    #[must_use]
    pub fn route_path(&self, route: Route) -> String {
        route.mounted(&self.0.settings)
    }

    /// Answers a request to one of the SDK's own routes. An adapter passes every method; which
    /// ones are answered, and with what, is decided here.
    pub async fn handle(&self, route: Route, request: Request) -> Reply {
        route.handle(&self.context(request)).await
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
