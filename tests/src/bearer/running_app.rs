//! A tenant, an app in each framework that signs users in there, and a user's browser.

use logto::m2m::{MachineApp, MachineConfig};
use logto::resource_server::ApiConfig;
use logto::web::{Reply, Request, Route};
use logto::{Logto, LogtoConfig};
use logto_local::LocalTenant;
use reqwest::Method;

use super::{RESOURCE, adapters};
use crate::conformance::Server;

/// Where browsers reach the app.
pub const BASE_URL: &str = "http://localhost:3000";

/// One user, signed in at one app behind every adapter.
pub struct RunningApp {
    /// Where the user signed in.
    pub tenant: LocalTenant,
    /// A program that may read things, and exchange tokens.
    pub machine: MachineApp,
    /// What the browser sends.
    pub cookie: String,
    servers: Vec<(&'static str, Server)>,
}

impl RunningApp {
    /// Signs `user` in.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn of(user: &str) -> Self {
        let tenant = LocalTenant::builder().base_url(BASE_URL).token_exchange(true);
        let tenant = tenant.start().await.expect("a tenant");
        let machine = tenant.machine_app();
        let machine = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
        let machine = MachineApp::new(machine).expect("a valid configuration");
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(BASE_URL)
            .with_cookie_secret("a cookie secret that is long enough")
            .with_resources([RESOURCE])
            .with_scopes(["read:things", "write:things", "urn:logto:scope:organizations"]);
        let logto = Logto::new(config).expect("a valid configuration");
        let cookie = sign_in(&tenant, &logto, user).await;
        let mut servers = Vec::new();
        for adapter in adapters() {
            let config = ApiConfig::new(RESOURCE)
                .with_personal_access_tokens(machine.clone(), "read:things write:things");
            let api = logto.api(config).expect("an API");
            servers.push((adapter.name, (adapter.serve_app)(logto.clone(), api).await));
        }
        Self { tenant, machine, cookie, servers }
    }

    /// Status, `WWW-Authenticate` and body of every adapter's answer, in which all have to agree.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, String, String) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");
        let mut answers = Vec::new();
        for (name, server) in &self.servers {
            let url = format!("http://{}{path}", server.address);
            let mut request = client.request(method.clone(), url);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.expect("the server answers");
            let challenge = answer.headers().get("www-authenticate");
            let challenge = challenge.map(|value| value.to_str().expect("text").to_owned());
            let seen = (
                answer.status().as_u16(),
                challenge.unwrap_or_default(),
                answer.text().await.expect("a body"),
            );
            answers.push((name, seen));
        }
        let (first, seen) = answers.swap_remove(0);
        for (name, other) in answers {
            assert_eq!(other, seen, "{name} and {first} differ at {path}");
        }
        seen
    }
}

async fn sign_in(tenant: &LocalTenant, logto: &Logto, user: &str) -> String {
    let request = Request::new("GET", "/sign-in", [("accept", "text/html")]);
    let reply = logto.handle(Route::SignIn, request).await;
    let location = reply.headers().find(|(name, _)| *name == "location");
    let callback = tenant.sign_in(location.expect("a redirect").1, user);
    let callback = callback.await.expect("a callback");
    let target = &callback[BASE_URL.len()..];
    let request = Request::new("GET", target, [("cookie", cookies(&reply))]);
    let cookie = cookies(&logto.handle(Route::Callback, request).await);
    assert!(!cookie.is_empty(), "{user} is not signed in");
    cookie
}

/// What the browser sends after this answer.
fn cookies(reply: &Reply) -> String {
    let set = reply.headers().filter(|(name, _)| *name == "set-cookie");
    let pairs = set.filter_map(|(_, line)| {
        let pair = line.split(';').next()?;
        (!pair.ends_with('=')).then(|| pair.to_owned())
    });
    pairs.collect::<Vec<_>>().join("; ")
}

impl std::fmt::Debug for RunningApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningApp").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
