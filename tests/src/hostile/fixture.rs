//! A provider, an app and a browser, and what must hold between them whatever happens.

mod user;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use logto::web::{Reply, Route};
use logto::{Clock, Logto, LogtoConfig};

use super::backend::Backend;
use super::browser::{Browser, NAVIGATION, Seen};
use super::logs::Logs;
use super::provider::Provider;
use super::storage::TroubledStorage;
use super::{APP_ID, APP_SECRET, BASE_URL, COOKIE_SECRET};
use crate::Secrets;
pub use user::state_of;

/// One app at one provider with one browser.
pub struct Fixture {
    /// The provider.
    pub provider: Provider,
    /// The clock of app and provider.
    pub clock: Clock,
    /// The app.
    pub logto: Logto,
    /// The store that its instances share, if it has one.
    pub store: Arc<TroubledStorage>,
    config: LogtoConfig,
    /// The browser.
    pub browser: Browser,
    logs: Logs,
    /// What errors said of themselves.
    spoken: String,
    cookies: Vec<String>,
}

impl Fixture {
    /// A fixture with the usual configuration.
    pub async fn new() -> Self {
        Self::with(|config| config).await
    }

    /// The same with an app that waits a second for an answer.
    pub async fn impatient() -> Self {
        Self::with(|config| config.with_request_timeout(Duration::from_secs(1))).await
    }

    /// The same with Alice signed in.
    pub async fn signed_in() -> Self {
        let mut fixture = Self::impatient().await;
        fixture.sign_in_as("alice").await;
        fixture
    }

    /// The same with another configuration.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    pub async fn with(configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Self {
        Self::at(Backend::Cookies, configure).await
    }

    /// Alice signed in at an impatient app that keeps sessions in a backend.
    pub async fn lives(backend: Backend) -> Self {
        let impatient = |config: LogtoConfig| {
            config
                .with_request_timeout(Duration::from_secs(1))
                .with_storage_timeout(Duration::from_millis(300))
                .with_resources(["https://a.example", "https://b.example", "https://c.example"])
                .with_scopes(["urn:logto:scope:organizations"])
        };
        let mut fixture = Self::at(backend, impatient).await;
        fixture.sign_in_as("alice").await;
        fixture
    }

    /// A fixture whose sessions live in a backend, with another configuration.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    pub async fn at(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Self {
        let logs = Logs::capture();
        let clock = Clock::system();
        // Tolerances are tested to the second.
        clock.stop();
        let provider = Provider::start(clock.clone()).await;
        let config = LogtoConfig::new(provider.endpoint(), APP_ID, APP_SECRET)
            .with_base_url(BASE_URL)
            .with_cookie_secret(COOKIE_SECRET)
            .with_clock(clock.clone());
        let store = Arc::new(TroubledStorage::new(clock.clone()));
        let config = backend.configure(configure(config), &store);
        Self {
            provider,
            clock,
            logto: Logto::new(config.clone()).expect("a configuration"),
            store,
            config,
            browser: Browser::default(),
            logs,
            spoken: String::new(),
            cookies: Vec::new(),
        }
    }

    /// Another instance of the app, which shares the store if there is one.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    #[must_use]
    pub fn instance(&self) -> Logto {
        self.changed(|config| config)
    }

    /// Another instance with another configuration.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Logto {
        Logto::new(change(self.config.clone())).expect("a configuration")
    }

    /// Opens a page of the SDK as a user would.
    pub async fn open(&mut self, target: &str) -> Seen {
        self.send("GET", target, &NAVIGATION).await
    }

    /// Sends a request to the route of the SDK that `target` begins with.
    ///
    /// # Panics
    ///
    /// If the answer is not as every answer must be.
    pub async fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) -> Seen {
        let route = route_of(target);
        let request = self.browser.request(method, target, headers);
        let reply = self.logto.handle(route, request).await;
        self.receive(reply)
    }

    /// What Logto does when someone signs out elsewhere: posts a body to an instance of the app.
    pub async fn post_logout(&mut self, instance: &Logto, body: impl Into<Vec<u8>>) -> Seen {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let request = Browser::default().request("POST", "/backchannel-logout", &form);
        let request = request.with_body(body);
        let reply = instance.handle(Route::BackChannelLogout, request).await;
        self.receive(reply)
    }

    /// Takes an answer into the browser, and checks what holds for every answer.
    ///
    /// # Panics
    ///
    /// If it does not hold.
    pub fn receive(&mut self, reply: Reply) -> Seen {
        let seen = self.see(reply);
        if seen.status >= 500 {
            let wait = seen.header("retry-after").and_then(|v| v.parse::<u64>().ok());
            assert!(seen.status == 503 && wait.is_some(), "{seen:?}");
        }
        if seen.status == 303 {
            let to = seen.location();
            let to_logto = to.starts_with(self.provider.endpoint());
            let local = to.starts_with('/') && !to.starts_with("//");
            assert!(to_logto || local, "sent to {to}");
        }
        self.keep(&seen.cookies);
        seen
    }

    /// An answer that no one keeps and that tells no secret.
    fn see(&self, reply: Reply) -> Seen {
        let seen = Seen::new(reply);
        assert_eq!(seen.header("cache-control"), Some("no-store"), "{seen:?}");
        self.secrets().assert_absent_from(&format!("{:?} {}", seen.headers, seen.body));
        seen
    }

    fn keep(&mut self, lines: &[String]) {
        self.browser.keep(lines);
        let values = lines.iter().filter_map(|line| line.split(['=', ';']).nth(1));
        self.cookies.extend(values.map(str::to_owned));
    }

    /// The value of every cookie that the browser was given.
    #[must_use]
    pub fn cookie_values(&self) -> &[String] {
        &self.cookies
    }

    /// Everything that was logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.logs.text()
    }

    /// No secret was said in any log line or error.
    ///
    /// # Panics
    ///
    /// If one was.
    pub fn finish(self) {
        let secrets = self.secrets();
        secrets.assert_absent_from(&self.logs.text());
        secrets.assert_absent_from(&self.spoken);
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add(APP_SECRET);
        secrets.add(COOKIE_SECRET);
        for value in self.cookies.iter().chain(&self.provider.issued()) {
            secrets.add(value);
        }
        secrets
    }
}

fn route_of(target: &str) -> Route {
    let path = target.split('?').next().unwrap_or_default();
    let route = Route::ALL.iter().find(|route| route.path() == path);
    route.copied().unwrap_or(Route::Callback)
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("provider", &self.provider).finish_non_exhaustive()
    }
}
