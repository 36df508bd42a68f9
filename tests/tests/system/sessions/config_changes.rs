//! Changes of the configuration under sessions that live on: secrets, and where sessions are kept.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::MemoryStorage;
use logto::web::{Route, SessionState};
use logto::{Logto, LogtoConfig, TokenRequest};
use logto_tests::hostile::{
    APP_ID, APP_SECRET, BASE_URL, Backend, Fixture, LocalFixture, NAVIGATION, Seen, each,
};

const OLD: &str = "the old secret, which is long enough for a session";
const NEW: &str = "the new secret, which is long enough for a session";
/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);

/// The app with these secrets, the first of which seals.
fn with_secrets(fixture: &Fixture, backend: Backend, secrets: &[&str]) -> Logto {
    let config = LogtoConfig::new(fixture.provider.endpoint(), APP_ID, APP_SECRET)
        .with_base_url(BASE_URL)
        .with_clock(fixture.clock.clone());
    let config = secrets.iter().fold(config, |config, secret| config.with_cookie_secret(*secret));
    Logto::new(backend.configure(config, &fixture.store)).unwrap()
}

async fn state_on(fixture: &Fixture, instance: &Logto) -> SessionState {
    fixture.page_of(instance).session_state().await.unwrap()
}

#[tokio::test]
async fn a_secret_is_replaced_without_a_sign_out() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        fixture.provider.rotate_refresh_tokens();
        let step = |secrets: &[&str]| with_secrets(&fixture, backend, secrets);
        let steps = [step(&[OLD]), step(&[OLD, NEW]), step(&[NEW, OLD]), step(&[NEW])];
        fixture.logto = steps[0].clone();
        fixture.sign_in_as("alice").await;
        // The new secret opens first, then it seals too, on one instance after the other.
        for (at, instance) in steps[..3].iter().enumerate() {
            for instance in [instance, &steps[at.saturating_sub(1)]] {
                fixture.logto = instance.clone();
                assert_eq!(fixture.user().await.as_deref(), Some("alice"), "step {at}");
                // Without a common store only one instance's answers reach the browser in turn.
                fixture.clock.advance(LATER);
                fixture.access_token().await.unwrap();
                assert_eq!(fixture.user().await.as_deref(), Some("alice"), "step {at}");
            }
        }
        fixture.logto = steps[2].clone();
        fixture.sign_in_as("alice").await;
        fixture.logto = steps[3].clone();
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn another_secret_makes_sessions_unreadable_and_sign_ins_possible() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        fixture.sign_in_as("alice").await;
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        fixture.logto = with_secrets(&fixture, backend, &[NEW]);
        assert_eq!(state_on(&fixture, &fixture.logto).await, SessionState::Unreadable);
        fixture.sign_in_as("bob").await;
        assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 0);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_app_that_moves_its_sessions_keeps_them() {
    let mut fixture = Fixture::at(Backend::Cookies, |config| config).await;
    fixture.provider.rotate_refresh_tokens();
    fixture.sign_in_as("alice").await;
    let store = Arc::new(MemoryStorage::new().with_clock(fixture.clock.clone()));
    fixture.logto = fixture.changed(|config| config.with_storage(store));
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.clock.advance(LATER);
    fixture.access_token().await.unwrap();
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    let cookies = fixture.browser.cookies().to_vec();

    // Signing out works for such a session, copies included; the next one is in the store.
    let page = fixture.page();
    drop(page.sign_out().await);
    assert_eq!(fixture.user().await, None);
    fixture.sign_in_as("bob").await;
    assert_eq!(fixture.logto.sessions_of("bob").await.unwrap().len(), 1);
    let length =
        |cookies: &[(String, String)]| cookies.iter().map(|(_, value)| value.len()).sum::<usize>();
    assert!(
        length(fixture.browser.cookies()) < length(&cookies),
        "the pointer to a stored session is short"
    );
    fixture.finish();
}

#[tokio::test]
async fn a_store_that_lost_everything_asks_users_to_sign_in() {
    let mut fixture = Fixture::at(Backend::Store, |config| config).await;
    fixture.sign_in_as("alice").await;
    let empty = Arc::new(MemoryStorage::new().with_clock(fixture.clock.clone()));
    fixture.logto = fixture.changed(|config| config.with_storage(empty));
    assert_eq!(state_on(&fixture, &fixture.logto).await, SessionState::Revoked);
    let token = fixture.page();
    let token = token.access_token(TokenRequest::opaque()).await;
    assert!(token.unwrap_err().needs_sign_in());
    fixture.sign_in_as("alice").await;
    fixture.finish();
}

#[tokio::test]
async fn browsers_are_never_sent_to_the_internal_address_of_logto() {
    // As Logto does, the tenant names its endpoints by the address at which it was asked.
    let mut fixture = LocalFixture::at(Backend::Cookies, |config| config).await;
    let public = fixture.tenant.endpoint().to_owned();
    let internal = match public.contains("127.0.0.1") {
        true => public.replace("127.0.0.1", "localhost"),
        false => public.replace("localhost", "127.0.0.1"),
    };
    assert_ne!(internal, public);
    fixture.logto = fixture.changed(|config| config.with_internal_endpoint(internal));
    fixture.sign_in("alice").await;
    for route in [Route::SignIn, Route::SignOut] {
        let method = if route == Route::SignOut { "POST" } else { "GET" };
        let request = fixture.browser.request(method, route.path(), &NAVIGATION);
        let seen = Seen::new(fixture.logto.handle(route, request).await);
        assert!(seen.location().starts_with(&format!("{public}/oidc/")), "{seen:?}");
    }
}
