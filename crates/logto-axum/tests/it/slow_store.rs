//! What the layer does while a store takes its time.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use axum::routing::get;
use logto::storage::{Entry, Expect, MemoryStorage, Storage, StorageError, Version, async_trait};
use logto::{Clock, Logto, LogtoConfig};
use logto_axum::User;
use logto_fixture::{BASE_URL, Fixture};
use tower::ServiceExt;

/// A store that never answers at once, nor when it is looked at for the second time at once.
#[derive(Debug, Default)]
struct Slow(MemoryStorage);

#[async_trait]
impl Storage for Slow {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.0.get(keys).await
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        self.0.put(key, entry, expect, ttl).await
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        self.0.remove(key, version).await
    }
}

#[tokio::test]
async fn a_pending_cookie_waits_for_the_store_and_is_sent() {
    let fixture = Fixture::new().await;
    let tenant = &fixture.tenant;
    let clock = Clock::system();
    let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
        .with_base_url(BASE_URL)
        .with_cookie_secret("a cookie secret that is long enough")
        .with_clock(clock.clone())
        .with_idle_lifetime(Duration::from_secs(24 * 3600))
        .with_renewal_interval(Duration::from_secs(60))
        .with_storage(Slow::default());
    let logto = Logto::new(config).expect("a valid configuration");
    let page = get(async |user: User| user.name().unwrap_or_default().to_owned());
    let app = Router::new().route("/", page).layer(logto_axum::layer(&logto));

    // Its use is to be noted.
    clock.advance(Duration::from_secs(3600));
    let request = Request::get("/").header(COOKIE, &fixture.cookie);
    let request = request.body(Body::empty()).expect("a request");
    let response = app.oneshot(request).await.expect("an answer");

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 1);
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
}
