//! Several instances of one app, their store and their tenant.

use std::thread;

use logto_local::{LocalTenant, SeenRequest};
use logto_servers::free_port;

use super::Database;
use super::proxy::Proxy;
use crate::{Example, ExampleApp};

const INSTANCES: usize = 3;
/// What the page `/things` needs a token for.
const RESOURCE: &str = "https://api.example.test";
const COOKIE_SECRET: &str = "a-cookie-secret-for-the-system-tests-0123456789";

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
        let port = free_port();
        let base_url = format!("http://localhost:{port}");
        let tenant = LocalTenant::builder()
            .base_url(&base_url)
            .back_channel_logout(true)
            .start()
            .await
            .unwrap_or_else(|error| panic!("the local tenant did not start: {error}"));
        let ports: Vec<u16> = (0..INSTANCES).map(|_| free_port()).collect();
        let mut instances = Vec::new();
        for port in &ports {
            let environment = [
                ("LOGTO_ENDPOINT", tenant.endpoint()),
                ("LOGTO_APP_ID", tenant.app_id()),
                ("LOGTO_APP_SECRET", tenant.app_secret()),
                ("LOGTO_COOKIE_SECRET", COOKIE_SECRET),
                ("LOGTO_RESOURCES", RESOURCE),
                ("LOGTO_SCOPES", "read:things"),
                ("STORAGE", &database.url()),
                ("PORT", &port.to_string()),
            ];
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
        (0..INSTANCES)
            .map(|instance| self.url_of(instance, path))
            .collect()
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
