//! What a journey in a browser needs: provider, app and Chromium.

use std::sync::{Mutex, PoisonError};

use logto_local::{LocalTenant, LocalTenantBuilder};

use crate::app::COOKIE_SECRET;
use crate::{
    Browser, CertifiedProvider, Cookie, Example, ExampleApp, Secrets, Tab, eventually,
    free_base_url,
};

/// Everything that a browser test needs: a provider, the example app that
/// signs in with it, and a Chromium.
#[derive(Debug)]
pub struct Fixture {
    provider: Provider,
    example: Example,
    /// The example app.
    pub app: ExampleApp,
    /// The browser, with no cookies yet.
    pub browser: Browser,
    cookies_seen: Mutex<Secrets>,
}

#[derive(Debug)]
enum Provider {
    Local(LocalTenant),
    Certified(CertifiedProvider),
}

impl Fixture {
    /// The example app against a local tenant, with more variables for the app.
    pub async fn local(example: Example, environment: &[(&str, &str)]) -> Self {
        Self::local_with(example, LocalTenant::builder(), environment).await
    }

    /// The same with more options for the tenant.
    pub async fn local_with(
        example: Example,
        tenant: LocalTenantBuilder,
        environment: &[(&str, &str)],
    ) -> Self {
        let base_url = free_base_url();
        let tenant = tenant
            .base_url(&base_url)
            .start()
            .await
            .unwrap_or_else(|error| panic!("the local tenant did not start: {error}"));
        Self::with(example, Provider::Local(tenant), &base_url, environment).await
    }

    /// The example app against the certified provider.
    pub async fn certified(example: Example, environment: &[(&str, &str)]) -> Self {
        let base_url = free_base_url();
        let provider = CertifiedProvider::start(&base_url).await;
        Self::with(example, Provider::Certified(provider), &base_url, environment).await
    }

    async fn with(
        example: Example,
        provider: Provider,
        base_url: &str,
        more: &[(&str, &str)],
    ) -> Self {
        let (endpoint, app_id, app_secret) = match &provider {
            Provider::Local(tenant) => (tenant.endpoint(), tenant.app_id(), tenant.app_secret()),
            Provider::Certified(certified) => {
                (certified.endpoint(), certified.app_id(), certified.app_secret())
            }
        };
        let mut environment = vec![
            ("LOGTO_ENDPOINT", endpoint),
            ("LOGTO_APP_ID", app_id),
            ("LOGTO_APP_SECRET", app_secret),
            ("LOGTO_COOKIE_SECRET", COOKIE_SECRET),
            // The most that can be logged, so that `end` has something to look at.
            ("RUST_LOG", "trace"),
        ];
        environment.extend(more);
        let app = ExampleApp::start(example, base_url, &environment).await;
        Self {
            app,
            browser: Browser::launch().await,
            provider,
            example,
            cookies_seen: Mutex::default(),
        }
    }

    /// The local tenant.
    ///
    /// # Panics
    ///
    /// If the provider is another one.
    pub fn tenant(&self) -> &LocalTenant {
        match &self.provider {
            Provider::Local(tenant) => tenant,
            Provider::Certified(_) => panic!("the provider is not a local tenant"),
        }
    }

    /// A page of the app.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app.base_url())
    }

    /// Opens a page of the app in a new tab.
    pub async fn open(&self, path: &str) -> Tab {
        let tab = self.browser.new_tab().await;
        tab.goto(&self.url(path)).await;
        tab
    }

    /// Saves what the tab shows as `target/screenshots/<example>-<name>.png`.
    pub async fn screenshot(&self, tab: &Tab, name: &str) {
        tab.screenshot(&format!("{}-{name}", self.example.package())).await;
    }

    /// Waits until `tab` shows a page of the app, after a visit to the provider.
    pub async fn wait_for_app(&self, tab: &Tab) {
        eventually("a page of the app", async || {
            let url = tab.current_url().await;
            url.starts_with(self.app.base_url()).then_some(())
        })
        .await;
        tab.wait_for("body").await;
    }

    /// The cookies that the app has set, not those of the provider. Their
    /// values are among the secrets from now on.
    pub async fn app_cookies(&self) -> Vec<Cookie> {
        let port = self.app.port();
        let mut cookies = self.browser.cookies().await;
        cookies.retain(|cookie| cookie.source_port == i64::from(port));
        let mut seen = self.cookies_seen.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in &cookies {
            seen.add(&cookie.value);
        }
        cookies
    }

    /// Looks for secrets in everything that the app has printed, and closes the
    /// browser.
    ///
    /// # Panics
    ///
    /// If there is one: a client secret, a cookie, a code, a token.
    pub async fn end(self) {
        self.app_cookies().await;
        let mut secrets = self.cookies_seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        secrets.add(COOKIE_SECRET);
        match &self.provider {
            Provider::Local(tenant) => {
                secrets.add(tenant.app_secret());
                add_requests(&mut secrets, tenant);
            }
            Provider::Certified(certified) => {
                secrets.add(certified.app_secret());
                for secret in certified.issued_secrets().await {
                    secrets.add(&secret);
                }
            }
        }
        let log = self.app.log();
        assert!(log.contains("TRACE"), "the app does not log all it can");
        secrets.assert_absent_from(&log);
        self.browser.close().await;
    }
}

/// A journey through every example app, one after the other. When one fails, the last line that was
/// printed says which.
///
/// # Panics
///
/// If one of them does.
pub async fn everywhere(journey: impl AsyncFn(Example)) {
    for example in Example::ALL {
        #[expect(clippy::print_stdout, reason = "shown only with a failure")]
        {
            println!("{}", example.package());
        }
        journey(example).await;
    }
}

/// The codes, tokens and secrets that were sent to the tenant.
fn add_requests(secrets: &mut Secrets, tenant: &LocalTenant) {
    const PARAMETERS: [&str; 8] = [
        "client_secret",
        "code",
        "code_verifier",
        "id_token_hint",
        "nonce",
        "refresh_token",
        "state",
        "token",
    ];
    for request in tenant.requests() {
        for name in PARAMETERS {
            if let Some(value) = request.param(name) {
                secrets.add(value);
            }
        }
        if let Some((_, credentials)) =
            request.header("authorization").and_then(|value| value.split_once(' '))
        {
            secrets.add(credentials);
        }
    }
}
