//! A tenant in this process, and alice, who signs in and asks for access tokens.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::{MemoryStorage, Storage};
use logto::web::{Context, Reply, Request, Route};
use logto::{Clock, Logto, LogtoConfig, TokenRequest};
use logto_local::{LocalTenant, TestUser};

pub const BASE_URL: &str = "http://localhost:3000";
pub const API: &str = "https://api.example.test";
pub const ORGANIZATION: &str = "wpmklpcc20gc";

pub struct Fixture {
    pub tenant: LocalTenant,
}

/// What a browser keeps.
#[derive(Clone, Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    pub fn set(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) {
        for line in lines {
            let pair = line.as_ref().split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.0.retain(|(kept, _)| kept != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// As a `Cookie` header.
    pub fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Fixture {
    pub async fn new(users: impl IntoIterator<Item = TestUser>) -> Self {
        let tenant = LocalTenant::builder().base_url(BASE_URL);
        let tenant = users.into_iter().fold(tenant, |tenant, one| tenant.user(one));
        let tenant = tenant.start().await.expect("a tenant");
        Self { tenant }
    }

    /// Sessions in cookies.
    pub fn config(&self) -> LogtoConfig {
        let tenant = &self.tenant;
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret());
        with_common_settings(config)
    }

    pub fn in_cookies(&self) -> Logto {
        Logto::new(self.config()).expect("a valid configuration")
    }

    pub fn in_memory(&self) -> Logto {
        self.stored_in(Arc::new(MemoryStorage::new()))
    }

    pub fn stored_in(&self, storage: Arc<dyn Storage>) -> Logto {
        Logto::new(self.config().with_storage(storage)).expect("a valid configuration")
    }

    /// A user signs in and gets these access tokens, beside the opaque one.
    pub async fn sign_in(&self, logto: &Logto, who: &str, tokens: &[TokenRequest]) -> Cookies {
        let mut cookies = Cookies::default();
        let reply = logto.handle(Route::SignIn, request("/sign-in", "")).await;
        let location = reply.headers().find(|(name, _)| *name == "location");
        let callback = self.tenant.sign_in(location.expect("a redirect").1, who);
        let callback = callback.await.expect("a callback");
        cookies.set(set_cookie(&reply));
        let callback = request(&callback[BASE_URL.len()..], &cookies.header());
        cookies.set(set_cookie(&logto.handle(Route::Callback, callback).await));
        for token in tokens {
            self.add_token(logto, &mut cookies, token).await;
        }
        cookies
    }

    pub async fn add_token(&self, logto: &Logto, cookies: &mut Cookies, token: &TokenRequest) {
        let context = logto.context(request("/", &cookies.header()));
        let got = context.access_token(token.clone()).await;
        got.expect("an access token");
        cookies.set(context.take_cookies().await);
    }

    /// The tokens of the usual session: one for an API, one for it in an organization.
    pub fn usual_tokens() -> [TokenRequest; 2] {
        [TokenRequest::resource(API), TokenRequest::resource(API).in_organization(ORGANIZATION)]
    }

    /// The same session sealed so many times.
    pub async fn reseal(&self, cookies: &Cookies, times: usize) -> Vec<String> {
        let clock = Clock::system();
        let second = Duration::from_secs(1);
        let config = self.config().with_clock(clock.clone());
        let config = config
            .with_idle_lifetime(Duration::from_secs(14 * 24 * 3600))
            .with_renewal_interval(second);
        let logto = Logto::new(config).expect("a valid configuration");
        let mut resealed = Vec::new();
        for _ in 0..times {
            clock.advance(second);
            let context = logto.context(request("/", &cookies.header()));
            assert!(context.is_authenticated().await.expect("an answer"));
            let mut fresh = cookies.clone();
            fresh.set(context.take_cookies().await);
            assert_ne!(fresh.header(), cookies.header(), "it was not sealed again");
            resealed.push(fresh.header());
        }
        resealed
    }
}

/// What all instances have in common.
pub fn with_common_settings(config: LogtoConfig) -> LogtoConfig {
    config
        .with_base_url(BASE_URL)
        .with_cookie_secret("a cookie secret that is long enough")
        .with_resources([API])
        .with_scopes([
            "email",
            "roles",
            "urn:logto:scope:organizations",
            "urn:logto:scope:organization_roles",
            "read:things",
            "write:things",
        ])
}

/// A request of a browser that sends these cookies.
pub fn request(target: &str, cookies: &str) -> Request {
    Request::new("GET", target, [("cookie", cookies.as_bytes())])
}

/// Opens the session of a request, as an extractor does.
pub async fn open(logto: &Logto, cookies: &str) -> Context {
    let context = logto.context(request("/", cookies));
    let user = context.user().await.expect("someone is signed in");
    std::hint::black_box(user.name());
    context
}

fn set_cookie(reply: &Reply) -> impl Iterator<Item = &str> {
    let headers = reply.headers();
    headers.filter_map(|(name, line)| (name == "set-cookie").then_some(line))
}
