//! Several instances of one app, their store and their tenant.

use std::thread;

use logto_local::{Browser, LocalTenant, SeenRequest};
use logto_servers::free_port;
use reqwest::Response;

use super::Database;
use super::proxy::Proxy;
use crate::{Example, ExampleApp, Visitor, signs_in_at};

const INSTANCES: usize = 3;
/// What the page `/things` needs a token for.
const RESOURCE: &str = "https://api.example.test";

/// Three instances of an app, the store that they share, and their tenant.
#[derive(Debug)]
pub struct Cluster {
    /// Where people sign in. It tells the app when they sign out elsewhere.
    pub tenant: LocalTenant,
    /// Where sessions are.
    pub database: Database,
    base_url: String,
    proxy: Proxy,
    instances: Vec<Option<ExampleApp>>,
    ports: Vec<u16>,
}

impl Cluster {
    /// Starts all of it.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, false).await
    }

    /// The same with a tenant that tells the app what happens there, and an app that says more of what
    /// it does.
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
        let signing_key = tenant.webhook_signing_key();
        let mut instances = Vec::new();
        for port in &ports {
            let (store, port_text) = (database.url(), port.to_string());
            let mut environment = signs_in_at(&tenant).to_vec();
            environment.extend([
                ("LOGTO_RESOURCES", RESOURCE),
                ("LOGTO_SCOPES", "read:things"),
                ("STORAGE", &store),
                ("PORT", &port_text),
            ]);
            if let Some(key) = &signing_key {
                environment.push(("LOGTO_WEBHOOK_SIGNING_KEY", key));
                environment.extend([("RUST_LOG", "info,logto=debug"), ("NO_COLOR", "1")]);
            }
            let app = ExampleApp::start_behind_proxy(Example::Axum, &base_url, *port, &environment);
            instances.push(Some(app.await));
        }
        Self {
            proxy: Proxy::start(port, ports.clone()).await,
            tenant,
            database,
            base_url,
            instances,
            ports,
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
        let address = visitor.sent_to(&self.url_of(0, "/sign-in")).await;
        let callback = at_logto.sign_in(&address, "alice").await;
        let callback = callback.expect("a callback");
        let callback = &callback[self.base_url.len()..];
        let answer = visitor.get(&self.url_of(1, callback)).await;
        assert_eq!(answer.status(), 303);
        assert_eq!(visitor.status(&self.url_of(2, "/api/me")).await, 200);
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
