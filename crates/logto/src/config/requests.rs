//! Settings about requests to Logto, and the clock.

use std::time::Duration;

use super::LogtoConfig;
use crate::clock::Clock;

impl LogtoConfig {
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

    /// How long connecting to Logto may take. Default: 5 seconds.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // Logto is far away, behind a slow line.
    /// let logto = Logto::new(config.with_connect_timeout(Duration::from_secs(8)))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = timeout;
        self
    }

    /// How long a request to Logto may take in all. Default: 10 seconds.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // Logto is in the same data centre: rather an error soon than a page that hangs.
    /// let config = config
    ///     .with_connect_timeout(Duration::from_secs(1))
    ///     .with_request_timeout(Duration::from_secs(3))
    ///     .with_max_concurrent_requests(100);
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.limits.request_timeout = timeout;
        self
    }

    /// How many requests to Logto may be under way at once. Default: 32. Further ones wait for
    /// their turn, first come, first served, as long as a
    /// [request may take](Self::with_request_timeout); then they count as an outage: requests that
    /// need Logto get 503, and no one is signed out.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // For a small Logto: four instances of the app send it 32 requests at once at most.
    /// let logto = Logto::new(config.with_max_concurrent_requests(8))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_max_concurrent_requests(mut self, requests: usize) -> Self {
        self.limits.max_concurrent = requests;
        self
    }

    /// How far the clocks of this server and Logto may be apart. Default: 60 seconds.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // Both servers keep their clocks by NTP.
    /// let logto = Logto::new(config.with_clock_tolerance(Duration::from_secs(5)))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// The clock that sessions and tokens are measured with; for tests.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::Clock;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// let clock = Clock::system();
    /// let logto = Logto::new(config.with_clock(clock.clone()))?;
    /// // All sessions and tokens of the test are over now.
    /// clock.advance(Duration::from_secs(15 * 24 * 3600));
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
