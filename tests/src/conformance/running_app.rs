//! The test app in one framework, with a Logto of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use logto::{Clock, Logto, LogtoConfig};
use logto_local::{LocalTenant, TestUser};
use tokio::sync::Notify;

use super::adapter::{Driver, Server, TestApp};
use super::answer::{Answer, tidy};
use super::visitor::Visitor;

/// How the app is configured and where browsers find it.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Where browsers find the app. The server listens elsewhere, as behind a proxy.
    pub base_url: &'static str,
    /// Whether the proxy takes the path of the base URL away.
    pub proxy_strips: bool,
    /// Where the app is mounted.
    pub mounted_at: &'static str,
    /// See [`LogtoConfig::with_route_prefix`].
    pub route_prefix: &'static str,
    /// Whether the adapter's middleware is left out.
    pub bare: bool,
    /// Whether the SDK's routes are left out.
    pub without_routes: bool,
    /// Further settings.
    pub configure: fn(LogtoConfig) -> LogtoConfig,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            base_url: "http://localhost:3000",
            proxy_strips: false,
            mounted_at: "",
            route_prefix: "",
            bare: false,
            without_routes: false,
            configure: |config| config,
        }
    }
}

impl Setup {
    pub(super) fn origin(&self) -> String {
        let base_path = self.base_path();
        let origin = self.base_url.strip_suffix(&base_path);
        origin.unwrap_or(self.base_url).to_owned()
    }

    pub(super) fn host(&self) -> String {
        let origin = self.origin();
        origin.split_once("://").map_or(String::new(), |(_, host)| host.to_owned())
    }

    pub(super) fn base_path(&self) -> String {
        let after_scheme = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').map_or(String::new(), |at| after_scheme[at..].to_owned())
    }
}

/// What was asked and answered, in order.
pub(super) type Transcript = Arc<Mutex<Vec<(String, String)>>>;

/// The running test app, its Logto, and the clock of both.
#[derive(Debug)]
pub struct RunningApp {
    /// How it is set up.
    pub setup: Setup,
    /// The app's Logto.
    pub tenant: LocalTenant,
    /// Opens the second half of the stream.
    pub gate: Arc<Notify>,
    clock: Clock,
    server: Option<Server>,
    transcript: Transcript,
}

impl RunningApp {
    pub(super) async fn start(driver: Driver, setup: Setup, transcript: Transcript) -> Self {
        let tenant = LocalTenant::builder()
            .app("conformance", "local-conformance")
            .base_url(setup.base_url)
            .back_channel_logout(true)
            .user(TestUser::new("dora").with_name(Some(&long_name())))
            .redirect_uri(format!("{}{}/callback", setup.base_url, setup.route_prefix))
            .start()
            .await
            .expect("the tenant starts");
        let clock = Clock::system();
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(setup.base_url)
            .with_cookie_secret("a secret of the conformance suite, not of anybody")
            .with_route_prefix(setup.route_prefix)
            .with_clock(clock.clone());
        let logto = Logto::new((setup.configure)(config)).expect("the configuration is right");
        let gate = Arc::new(Notify::new());
        let app = TestApp {
            logto,
            mounted_at: setup.mounted_at,
            bare: setup.bare,
            without_routes: setup.without_routes,
            gate: Arc::clone(&gate),
        };
        let server = driver.serve(app).await;
        assert!(server.is_some() || setup.bare, "the server starts");
        Self { server, setup, tenant, gate, clock, transcript }
    }

    /// A browser without cookies.
    #[must_use]
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor::new(self)
    }

    /// A path of the app, as browsers see it.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.setup.base_path())
    }

    /// A route of the SDK, as browsers see it.
    #[must_use]
    pub fn route(&self, route: &str) -> String {
        self.path(&format!("{}{route}", self.setup.route_prefix))
    }

    /// Moves the clocks of the app and of Logto.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.tenant.clock().advance(time);
    }

    /// The time of the app and of Logto, in seconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Signs someone in at Logto and gives the address that the browser comes back to.
    pub async fn at_logto(&self, address: &str, user: &str) -> String {
        let callback = self.tenant.sign_in(address, user).await;
        callback.unwrap_or_else(|error| panic!("Logto signs {user} in at {address}: {error}"))
    }

    /// The id of the user who signs in where nothing else is said.
    #[must_use]
    pub fn alice(&self) -> String {
        let users = self.tenant.users();
        let alice = users.iter().find(|user| user.handle() == "alice");
        alice.expect("alice is built in").id().to_owned()
    }

    /// Whether the framework saw the mistake before the first request.
    #[must_use]
    pub fn refused_to_start(&self) -> bool {
        self.server.is_none()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("the server started").address
    }

    pub(super) fn forget(&self) {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner).pop();
    }

    pub(super) fn asked(&self, what: &str) {
        let asked = tidy(what, self.tenant.endpoint());
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner).push((asked, String::new()));
    }

    pub(super) fn record(&self, answer: &Answer) {
        let answered = answer.summary(self.tenant.endpoint());
        let mut transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = transcript.last_mut() {
            last.1 = answered;
        }
    }
}

/// A name that no compression makes fit into one cookie.
fn long_name() -> String {
    let mut seed = 1_u64;
    let mut letter = || {
        // Knuth's generator; its upper bits are random enough.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char::from(letters.as_bytes()[(seed >> 58) as usize])
    };
    (0..3200).map(|_| letter()).collect()
}
