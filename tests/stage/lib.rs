//! A tenant, an app's client at it, and alice, who is signed in.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use logto::web::{Reply, Request, Route};
use logto::{Clock, Logto, LogtoConfig};
use logto_local::LocalTenant;

/// Where the app is.
pub const BASE_URL: &str = "http://localhost:3000";

/// The tenant and the app.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage {
    /// Where alice signed in.
    pub tenant: LocalTenant,
    /// The app's client.
    pub logto: Logto,
    /// What alice's browser sends.
    pub cookie: String,
    clock: Clock,
}

impl Stage {
    /// Starts the tenant and signs alice in at an app that is not served.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn new() -> Self {
        Self::at(BASE_URL, |config| config).await
    }

    /// Starts the tenant and signs alice in at the app at `base_url`, with more configuration.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn at(
        base_url: &str,
        configure: impl FnOnce(LogtoConfig) -> LogtoConfig + Send,
    ) -> Self {
        let tenant = LocalTenant::builder().base_url(base_url).start().await;
        let tenant = tenant.expect("a tenant");
        let clock = Clock::system();
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(base_url)
            .with_cookie_secret("a cookie secret that is long enough")
            .with_clock(clock.clone());
        let logto = Logto::new(configure(config)).expect("a valid configuration");

        let request = Request::new("GET", "/sign-in", [("accept", "text/html")]);
        let reply = logto.handle(Route::SignIn, request).await;
        let location = reply.headers().iter().find(|(name, _)| *name == "location");
        let callback = tenant.sign_in(&location.expect("a redirect").1, "alice");
        let callback = callback.await.expect("a callback");
        let cookie = cookies(&reply);
        let request = Request::new("GET", &callback[base_url.len()..], [("cookie", cookie)]);
        let cookie = cookies(&logto.handle(Route::Callback, request).await);
        assert!(!cookie.is_empty(), "alice is not signed in");
        Self { tenant, logto, cookie, clock }
    }

    /// From now on a handler that asks for the access token makes the SDK owe a new session cookie.
    pub fn end_access_token(&self) {
        let hours = Duration::from_secs(2 * 3600);
        self.clock.advance(hours);
        self.tenant.clock().advance(hours);
    }
}

/// The cookies that a reply sets, as a browser sends them back.
fn cookies(reply: &Reply) -> String {
    let set = reply.headers().iter().filter(|(name, _)| *name == "set-cookie");
    let pairs = set.filter_map(|(_, line)| line.split(';').next());
    pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}
