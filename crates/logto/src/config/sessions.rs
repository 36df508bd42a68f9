//! Settings about sessions: where they are, and how long they live.

use std::sync::Arc;
use std::time::Duration;

use super::LogtoConfig;
use crate::storage::Storage;

impl LogtoConfig {
    /// Keeps sessions in a store instead of in cookies: any number of access tokens, sign-out
    /// everywhere, and refreshes that several instances do once. [`MemoryStorage`] is for one
    /// process; `logto-redis` and `logto-sqlx` are for several.
    ///
    /// Sessions that are in cookies already go on there until they end. To use the
    /// storage elsewhere too, pass an `Arc` of it.
    ///
    /// [`MemoryStorage`]: crate::storage::MemoryStorage
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::MemoryStorage;
    /// # let config = logto::LogtoConfig::new("https://t.logto.app", "id", "secret");
    /// let config = config.with_storage(MemoryStorage::new());
    /// ```
    #[must_use]
    pub fn with_storage(mut self, storage: impl Storage) -> Self {
        self.storage = Some(Arc::new(storage));
        self
    }

    /// Keeps sessions in cookies although there is a [storage](Self::with_storage). The store then
    /// only holds what instances have to agree on: that a session has ended, and what a refresh made
    /// of it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::MemoryStorage;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // Most requests ask no store, and signing out everywhere works all the same.
    /// let config = config.with_storage(MemoryStorage::new()).with_sessions_in_cookies();
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_sessions_in_cookies(mut self) -> Self {
        self.sessions_in_cookies = true;
        self
    }

    /// How long after signing in a user has to sign in again. Default: 14 days, the life of
    /// Logto's refresh tokens.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // A banking app: at most a working day, and out after ten minutes away.
    /// let config = config
    ///     .with_session_lifetime(Duration::from_secs(8 * 3600))
    ///     .with_idle_lifetime(Duration::from_secs(600));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// How long after its last use a session ends. Default: only the
    /// [session lifetime](Self::with_session_lifetime) ends it.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // Out after an hour away, give or take five minutes, and twelve writes an hour.
    /// let config = config
    ///     .with_idle_lifetime(Duration::from_secs(3600))
    ///     .with_renewal_interval(Duration::from_secs(300));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_idle_lifetime(mut self, idle: Duration) -> Self {
        self.idle_lifetime = Some(idle);
        self
    }

    /// How often the use of a session is noted, where there is an
    /// [idle lifetime](Self::with_idle_lifetime); that costs a write to the store, or a cookie.
    /// Default: a twentieth of the idle lifetime.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// // A session in use is written every ten minutes, so it ends 50 to 60 minutes after the last use.
    /// let config = config
    ///     .with_idle_lifetime(Duration::from_secs(60 * 60))
    ///     .with_renewal_interval(Duration::from_secs(10 * 60));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_renewal_interval(mut self, interval: Duration) -> Self {
        self.renewal_interval = Some(interval);
        self
    }

    /// How many bytes of opened sessions this process keeps for the requests that follow. Default:
    /// 64 MiB.
    ///
    /// A session takes the bytes of its cookie and 600 more, so the default fits 35,000 to 55,000
    /// sessions. Reading [all claims](crate::web::User::claims) adds about five times their size.
    /// When the cache is full, sessions that are rarely used are decrypted again, which costs about
    /// two microseconds a request.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// // A small container.
    /// let logto = Logto::new(config.with_session_cache_bytes(4 << 20))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_session_cache_bytes(mut self, bytes: usize) -> Self {
        self.session_cache = bytes;
        self
    }

    /// How long the store may take for one answer. Default: 3 seconds. After that it counts as
    /// down: requests that need it get 503, and no one is signed out.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::storage::MemoryStorage;
    /// # use logto::{Logto, LogtoConfig};
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    ///
    /// # let storage = MemoryStorage::new();
    /// let config = config
    ///     .with_storage(storage)
    ///     .with_storage_timeout(Duration::from_millis(500));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_storage_timeout(mut self, timeout: Duration) -> Self {
        self.storage_timeout = timeout;
        self
    }
}
