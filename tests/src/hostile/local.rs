//! An app at a local tenant, with one browser.

use std::sync::Arc;
use std::time::Duration;

use logto::web::{Context, Reply, Route};
use logto::{AccessToken, Clock, Error, Logto, LogtoConfig, TokenRequest};
use logto_local::{LocalTenant, LocalTenantBuilder, SeenRequest};

use super::backend::Backend;
use super::browser::{Browser, NAVIGATION, Seen};
use super::storage::TroubledStorage;
use super::{BASE_URL, COOKIE_SECRET};

/// The example API of the tenant.
pub const API: &str = "https://api.example.test";
/// The scope that organizations need.
pub const ORGANIZATIONS: &str = "urn:logto:scope:organizations";

/// One app at a tenant with Logto's recorded rules.
#[derive(Debug)]
pub struct LocalFixture {
    /// The tenant.
    pub tenant: LocalTenant,
    /// The app.
    pub logto: Logto,
    /// The browser.
    pub browser: Browser,
    clock: Clock,
    config: LogtoConfig,
}

impl LocalFixture {
    /// A fixture whose sessions live in a backend.
    ///
    /// # Panics
    ///
    /// If the tenant does not start or the configuration is wrong.
    pub async fn at(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Self {
        Self::of(LocalTenant::builder(), backend, configure).await
    }

    /// The same at a tenant of one's own choice.
    ///
    /// # Panics
    ///
    /// As [`at`](Self::at).
    pub async fn of(
        tenant: LocalTenantBuilder,
        backend: Backend,
        configure: impl FnOnce(LogtoConfig) -> LogtoConfig,
    ) -> Self {
        let tenant = tenant.base_url(BASE_URL).start().await;
        let tenant = tenant.expect("a tenant");
        let clock = Clock::system();
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(BASE_URL)
            .with_cookie_secret(COOKIE_SECRET)
            .with_clock(clock.clone());
        let store = Arc::new(TroubledStorage::new(clock.clone()));
        let config = backend.configure(configure(config), &store);
        Self {
            logto: Logto::new(config.clone()).expect("a configuration"),
            tenant,
            browser: Browser::default(),
            clock,
            config,
        }
    }

    /// Another instance of the app, with another configuration.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Logto {
        Logto::new(change(self.config.clone())).expect("a configuration")
    }

    /// Signs someone in.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn sign_in(&mut self, user: &str) {
        let there = self.send(Route::SignIn, "GET", "/sign-in").await;
        assert_eq!(there.status, 303, "{there:?}");
        let callback = self.tenant.sign_in(there.location(), user).await;
        let callback = callback.unwrap_or_else(|error| panic!("{user}: {error}"));
        let target = callback.strip_prefix(BASE_URL).expect("the app's address");
        let seen = self.send(Route::Callback, "GET", target).await;
        assert_eq!((seen.status, seen.location()), (303, "/"), "{seen:?}");
    }

    /// Sends a request to a route of the SDK, as a navigation.
    pub async fn send(&mut self, route: Route, method: &str, target: &str) -> Seen {
        let request = self.browser.request(method, target, &NAVIGATION);
        let seen = Seen::new(self.logto.handle(route, request).await);
        self.browser.keep(&seen.cookies);
        seen
    }

    /// Time goes by, for the app and for the tenant.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.tenant.clock().advance(by);
    }

    /// A page of the app.
    #[must_use]
    pub fn page(&self) -> Context {
        self.page_of(&self.logto)
    }

    /// A page of an instance of the app.
    #[must_use]
    pub fn page_of(&self, instance: &Logto) -> Context {
        instance.context(self.browser.request("GET", "/page", &NAVIGATION))
    }

    /// Sends the cookies of a page, as an adapter does.
    pub async fn respond(&mut self, page: &Context) {
        self.browser.keep(&page.take_cookies().await);
    }

    /// A token on a page of the app, and the status of the page if there is none.
    ///
    /// # Errors
    ///
    /// The error and the status.
    pub async fn token(
        &mut self,
        request: impl Into<TokenRequest>,
    ) -> Result<AccessToken, (Error, u16)> {
        let page = self.page();
        let token = page.access_token(request).await;
        self.respond(&page).await;
        token.map_err(|error| {
            let status = Reply::from(error.clone()).status();
            (error, status)
        })
    }

    /// What the tenant was asked at a path.
    #[must_use]
    pub fn sent_to(&self, path: &str) -> Vec<SeenRequest> {
        let mut requests = self.tenant.requests();
        requests.retain(|request| request.path == path);
        requests
    }

    /// How many token requests the tenant had.
    #[must_use]
    pub fn token_calls(&self) -> usize {
        self.sent_to("/oidc/token").len()
    }
}
