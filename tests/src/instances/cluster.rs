//! Several instances of one app, their store and their tenant.

use std::time::Duration;
use std::{fs, thread};

use logto_local::{Browser, Endpoint, Fault, LocalTenant, SeenRequest};
use logto_servers::{eventually, free_port};
use reqwest::Response;
use tokio::task::JoinHandle;

use super::Database;
use super::proxy::Proxy;
use crate::{Example, ExampleApp, Visitor, signs_in_at};

const INSTANCES: usize = 3;
/// How long an access token is good.
pub const HOUR: Duration = Duration::from_secs(3600);
/// Logto replaces refresh tokens that are older than 70 % of their 14 days.
pub const DUE_FOR_ROTATION: Duration = Duration::from_secs(14 * 24 * 3600 * 71 / 100);
/// What the page `/things` needs a token for.
const RESOURCE: &str = "https://api.example.test";

/// Three instances of an app, the store that they share, and their tenant.
#[derive(Debug)]
pub struct Cluster {
    /// Where users sign in. It tells the app when they sign out elsewhere.
    pub tenant: LocalTenant,
    /// Where sessions are.
    pub database: Database,
    base_url: String,
    proxy: Proxy,
    instances: Vec<Option<ExampleApp>>,
    ports: Vec<u16>,
    clocks: Clocks,
}

/// By how many seconds the clocks of the instances are ahead.
pub type Clocks = [i32; INSTANCES];

impl Cluster {
    /// Starts all of it.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, false).await
    }

    /// The same with a tenant that tells the app what happens there, and an app that says more of
    /// what it does.
    pub async fn start_with_webhooks(database: Database) -> Self {
        Self::start_with(database, true).await
    }

    async fn start_with(database: Database, webhooks: bool) -> Self {
        let port = free_port();
        let base_url = format!("http://localhost:{port}");
        let tenant = LocalTenant::builder()
            .base_url(&base_url)
            .back_channel_logout(true)
            .webhooks(webhooks)
            .start()
            .await
            .unwrap_or_else(|error| panic!("the local tenant did not start: {error}"));
        let ports: Vec<u16> = (0..INSTANCES).map(|_| free_port()).collect();
        let mut cluster = Self {
            proxy: Proxy::start(port, ports.clone()).await,
            tenant,
            database,
            base_url,
            instances: ports.iter().map(|_| None).collect(),
            ports,
            clocks: Clocks::default(),
        };
        for instance in 0..INSTANCES {
            cluster.start_instance(instance).await;
        }
        cluster
    }

    /// Starts an instance that was ended.
    pub async fn start_instance(&mut self, instance: usize) {
        let (store, port) = (self.database.url(), self.ports[instance]);
        let mut environment = signs_in_at(&self.tenant).to_vec();
        let port_text = port.to_string();
        environment.extend([
            ("LOGTO_RESOURCES", RESOURCE),
            ("LOGTO_SCOPES", "read:things"),
            ("STORAGE", &store),
            ("PORT", &port_text),
        ]);
        let ahead = format!("{:+}", self.clocks[instance]);
        let library;
        if self.clocks[instance] != 0 {
            library = faketime();
            environment.extend([("LD_PRELOAD", &*library), ("FAKETIME", &ahead)]);
            // What is waited for takes as long as it does.
            environment.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
        }
        let signing_key = self.tenant.webhook_signing_key();
        if let Some(key) = &signing_key {
            environment.push(("LOGTO_WEBHOOK_SIGNING_KEY", key));
            environment.extend([("RUST_LOG", "info,logto=debug"), ("NO_COLOR", "1")]);
        }
        let app = ExampleApp::start_behind_proxy(Example::Axum, &self.base_url, port, &environment);
        self.instances[instance] = Some(app.await);
    }

    /// Starts all instances again, with these clocks, if they have others.
    pub async fn set_clocks(&mut self, clocks: Clocks) {
        if self.clocks != clocks {
            self.clocks = clocks;
            for instance in 0..INSTANCES {
                self.kill(instance);
                self.start_instance(instance).await;
            }
        }
    }

    /// The address that browsers know, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A page at whichever instance has its turn.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// A page at a certain instance.
    pub fn url_of(&self, instance: usize, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports[instance])
    }

    /// A page at each of the instances.
    pub fn urls(&self, path: &str) -> Vec<String> {
        (0..INSTANCES).map(|instance| self.url_of(instance, path)).collect()
    }

    /// Signs alice in, each step at another instance.
    ///
    /// # Panics
    ///
    /// If she is not.
    pub async fn sign_in(&self, visitor: &Visitor, at_logto: &mut Browser) {
        assert!(self.signs_in(visitor, at_logto).await, "she is not signed in");
    }

    /// The same, and whether she is signed in.
    ///
    /// # Panics
    ///
    /// If Logto does not send her back.
    pub async fn signs_in(&self, visitor: &Visitor, at_logto: &mut Browser) -> bool {
        let address = visitor.sent_to(&self.url_of(0, "/sign-in")).await;
        let callback = at_logto.sign_in(&address, "alice").await;
        let callback = callback.expect("a callback");
        let callback = &callback[self.base_url.len()..];
        let answer = visitor.get(&self.url_of(1, callback)).await;
        answer.status() == 303 && visitor.status(&self.url_of(2, "/api/me")).await == 200
    }

    /// Signs alice in. Her access token has ended already, and the next one will be good.
    pub async fn with_an_ended_token(&self) -> Visitor {
        let alice = Visitor::new();
        self.tenant.set_access_token_life(Duration::ZERO);
        self.sign_in(&alice, &mut self.tenant.browser()).await;
        self.tenant.set_access_token_life(HOUR);
        self.tenant.clear_requests();
        alice
    }

    /// Lets Logto replace each refresh token that is redeemed next.
    pub fn replaces_refresh_tokens(&self) {
        self.tenant.age_refresh_tokens(DUE_FOR_ROTATION);
    }

    /// Begins a refresh at the first instance, whose answer Logto keeps back. The status of the
    /// page, if there is one in the end.
    ///
    /// # Panics
    ///
    /// If it does not refresh.
    pub async fn refresh_without_answer(&self, visitor: &Visitor) -> JoinHandle<Option<u16>> {
        let before = self.refreshes().len();
        self.tenant.faults().set_times(Endpoint::Token, Fault::HoldAnswer, 1);
        let (visitor, url) = (visitor.clone(), self.url_of(0, "/profile"));
        let request = tokio::spawn(async move { visitor.try_status(&url).await.ok() });
        eventually("the first instance to refresh", async || {
            (self.refreshes().len() > before).then_some(())
        })
        .await;
        request
    }

    /// Presses the sign-out button on a page of an instance.
    pub async fn sign_out(&self, visitor: &Visitor, instance: usize) -> Response {
        let request = visitor.post(&self.url_of(instance, "/sign-out"));
        let request = request.header("origin", &self.base_url);
        request.send().await.expect("an answer")
    }

    /// Lets this instance have the next request.
    pub fn next_is(&self, instance: usize) {
        self.proxy.next_is(instance);
    }

    /// Ends an instance without a warning.
    pub fn kill(&mut self, instance: usize) {
        self.instances[instance] = None;
    }

    /// Stops an instance where it is: connections stay open, and nothing is answered.
    ///
    /// # Panics
    ///
    /// If it was ended already.
    pub fn pause(&self, instance: usize) {
        self.instances[instance].as_ref().expect("an instance").pause();
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// If it was ended already.
    pub fn resume(&self, instance: usize) {
        self.instances[instance].as_ref().expect("an instance").resume();
    }

    /// Asks an instance to stop, as an orchestrator does. It is there until it has.
    ///
    /// # Panics
    ///
    /// If it was ended already.
    pub fn terminate(&mut self, instance: usize) {
        self.instances[instance].as_ref().expect("an instance").terminate();
    }

    /// Returns when an instance that was asked to stop has done so.
    ///
    /// # Panics
    ///
    /// If it takes too long, or ends with an error.
    pub async fn wait_for_end(&mut self, instance: usize) {
        if let Some(mut app) = self.instances[instance].take() {
            assert!(app.ended().await.success(), "{}", app.log());
        }
    }

    /// What an instance has printed so far; nothing if it was killed.
    pub fn log(&self, instance: usize) -> String {
        let app = self.instances[instance].as_ref();
        app.map(ExampleApp::log).unwrap_or_default()
    }

    /// The requests to the tenant that redeem a refresh token, in order.
    pub fn refreshes(&self) -> Vec<SeenRequest> {
        let mut requests = self.tenant.requests();
        requests.retain(|request| request.param("grant_type") == Some("refresh_token"));
        requests
    }
}

/// The library that moves the clock of a process.
fn faketime() -> String {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = libraries.find(|library| library.exists());
    let found =
        found.expect("wrong clocks need libfaketime (Debian: `apt-get install libfaketime`)");
    found.to_string_lossy().into_owned()
}

/// What the instances have printed helps to understand why a test failed.
impl Drop for Cluster {
    #[expect(clippy::print_stdout, reason = "shown only with a failure")]
    fn drop(&mut self) {
        if thread::panicking() {
            for instance in 0..INSTANCES {
                println!("── instance {instance} ──\n{}", self.log(instance));
            }
        }
    }
}
