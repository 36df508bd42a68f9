//! The configuration of a machine app.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::clock::Clock;
use crate::config::validate::address;
use crate::config::{ConfigError, ConfigProblem, trimmed};
use crate::http::Limits;

/// What the SDK has to know about an application that gets tokens without a browser.
///
/// Nothing is checked here; [`MachineApp::new`](super::MachineApp::new) names every problem.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use logto::m2m::{MachineApp, MachineConfig};
///
/// let config = MachineConfig::new("https://my-tenant.logto.app", "machine app id", "secret")
///     .with_request_timeout(Duration::from_secs(3));
/// let app = MachineApp::new(config)?;
/// # Ok::<(), logto::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MachineConfig {
    pub(super) endpoint: String,
    pub(super) internal_endpoint: Option<String>,
    pub(super) app_id: String,
    pub(super) app_secret: SecretString,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
}

impl MachineConfig {
    /// The three values that Logto's console shows for a "Machine-to-machine" application. White space
    /// around them does not count.
    #[must_use]
    pub fn new(
        endpoint: impl Into<String>,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            internal_endpoint: None,
            app_id: trimmed(app_id),
            app_secret: trimmed(app_secret).into(),
            clock: Clock::system(),
            limits: Limits::default(),
        }
    }

    /// The tenant as this server reaches it, where that differs from its public address: in a
    /// network of containers, for example. The issuer stays the same. Default: the endpoint.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::m2m::{MachineApp, MachineConfig};
    ///
    /// let config = MachineConfig::new("https://auth.example.com", "machine app id", "secret")
    ///     .with_internal_endpoint("http://logto:3001");
    /// let app = MachineApp::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_internal_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.internal_endpoint = Some(endpoint.into());
        self
    }

    /// How long a request to Logto may take in all. Default: 10 seconds.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.limits.request_timeout = timeout;
        self
    }

    /// The clock that tokens are measured with; for tests.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::Clock;
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    ///
    /// let clock = Clock::system();
    /// let app = MachineApp::new(config.with_clock(clock.clone()))?;
    /// let first = app.token("https://api.example.test", "read:things").await?;
    /// // Within a minute of its end, a token is replaced.
    /// clock.advance(Duration::from_secs(3590));
    /// assert_ne!(app.token("https://api.example.test", "read:things").await?, first);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The endpoint and the internal one, if everything is as it should be.
    pub(super) fn check(&self) -> Result<(Url, Option<Url>), ConfigError> {
        let mut problems = Vec::new();
        let endpoint = address("LOGTO_ENDPOINT", &self.endpoint, &mut problems);
        let internal = self.internal_endpoint.as_deref();
        let internal = internal.and_then(|to| address("internal endpoint", to, &mut problems));
        let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
        if self.app_id.trim().is_empty() {
            wrong("machine app id", "is empty");
        }
        if self.app_secret.expose_secret().trim().is_empty() {
            wrong("machine app secret", "is empty");
        }
        if self.limits.request_timeout.is_zero() {
            wrong("time-out", "is zero");
        }
        match endpoint {
            Some(endpoint) if problems.is_empty() => Ok((endpoint, internal)),
            _ => Err(ConfigError::new(problems)),
        }
    }
}
