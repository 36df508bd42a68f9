//! An app at the provider, and the sign-ins of its browsers.

use std::time::Duration;

use logto::web::{Request, Route};
use logto::{Clock, Logto, LogtoConfig};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use url::Url;

use crate::checks::{Seen, check};
use crate::provider::{CODE, ENDPOINT, Provider};

pub(crate) const APP_ID: &str = "8s6wye3gb7dq9a4n54lsn";
pub(crate) const APP_SECRET: &str = "AppSecretOfTheFuzzer-0123456789abcdef";
pub(crate) const COOKIE_SECRET: &str = "CookieSecretOfTheFuzzer-0123456789abcdef";
pub(crate) const BASE_URL: &str = "http://localhost:3000";
/// An API that the app may ask tokens for.
pub(crate) const API: &str = "https://api.example.test";

/// The thread's runtime. Inputs run one after the other.
#[derive(Debug)]
pub(crate) struct Loop {
    runtime: Runtime,
    local: LocalSet,
}

impl Loop {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, local: LocalSet::new() }
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.local.block_on(&self.runtime, work)
    }
}

/// An app, and the provider that it is registered at.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) logto: Logto,
    pub(crate) provider: Provider,
    pub(crate) clock: Clock,
    config: LogtoConfig,
    base_url: String,
}

/// A sign-in that was begun.
pub(crate) struct Begun {
    pub(crate) state: String,
    pub(crate) browser: String,
}

impl App {
    /// An app at `provider`, with another configuration.
    pub(crate) fn new(
        provider: &Provider,
        configure: impl FnOnce(LogtoConfig) -> LogtoConfig,
    ) -> Self {
        let clock = Clock::system();
        let config = LogtoConfig::new(ENDPOINT, APP_ID, APP_SECRET)
            .with_internal_endpoint(provider.address())
            .with_base_url(BASE_URL)
            .with_cookie_secret(COOKIE_SECRET)
            .with_cookie_name("session")
            .with_resources([API])
            .with_scopes(["urn:logto:scope:organizations"])
            .with_request_timeout(Duration::from_secs(5))
            .with_clock(clock.clone());
        let config = configure(config);
        let logto = Logto::new(config.clone()).expect("a configuration");
        let base_url = logto.base_url().as_str().trim_end_matches('/').to_owned();
        Self { logto, provider: provider.clone(), clock, config, base_url }
    }

    /// Begins anew, without anything that it knows of its provider.
    pub(crate) fn forget(&mut self) {
        self.logto = Logto::new(self.config.clone()).expect("a configuration");
    }

    /// Sends a request to where its target leads: a route of the SDK, or a page.
    pub(crate) async fn handle(&self, route: Route, request: Request) -> Seen {
        let reply = self.logto.handle(route, request).await;
        check(reply, &[ENDPOINT, &self.base_url])
    }

    pub(crate) async fn begin(&self) -> Begun {
        let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let path = self.logto.route_path(Route::SignIn);
        let seen = self.handle(Route::SignIn, Request::new("GET", &path, headers)).await;
        let to_logto = Url::parse(&seen.location).expect("an address of the provider");
        let parameter = |wanted: &str| {
            let found = to_logto.query_pairs().find(|(name, _)| name == wanted);
            found.expect("a parameter").1.into_owned()
        };
        self.provider.expect(&parameter("nonce"), self.clock.now());
        Begun { state: parameter("state"), browser: seen.cookie_header() }
    }

    /// The answer to the callback of a sign-in.
    pub(crate) async fn return_from(&self, begun: &Begun) -> Seen {
        let path = self.logto.route_path(Route::Callback);
        let (state, issuer) = (&begun.state, self.provider.issuer());
        let target = format!("{path}?code={CODE}&state={state}&iss={issuer}");
        let headers = [("accept", "text/html"), ("cookie", begun.browser.as_str())];
        self.handle(Route::Callback, Request::new("GET", &target, headers)).await
    }

    /// The cookies of someone who signed in.
    pub(crate) async fn sign_in(&self) -> String {
        let begun = self.begin().await;
        let seen = self.return_from(&begun).await;
        assert_eq!(seen.status, 303, "{seen:?}");
        seen.cookie_header()
    }
}
