//! Changes of the configuration under sessions that live on: secrets, and where sessions are kept.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::MemoryStorage;
use logto::web::{Route, SessionState};
use logto::{Logto, LogtoConfig, TokenRequest};
use logto_tests::hostile::{
    APP_ID, APP_SECRET, BASE_URL, Backend, LocalWorld, NAVIGATION, Seen, World, each,
};

const OLD: &str = "the old secret, which is long enough for a session";
const NEW: &str = "the new secret, which is long enough for a session";
/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);

/// The app with these secrets, the first of which seals.
fn with_secrets(world: &World, backend: Backend, secrets: &[&str]) -> Logto {
    let config = LogtoConfig::new(world.provider.endpoint(), APP_ID, APP_SECRET)
        .with_base_url(BASE_URL)
        .with_clock(world.clock.clone());
    let config = secrets.iter().fold(config, |config, secret| config.with_cookie_secret(*secret));
    Logto::new(backend.configure(config, &world.store)).unwrap()
}

async fn state_on(world: &World, instance: &Logto) -> SessionState {
    world.page_of(instance).session_state().await.unwrap()
}

#[tokio::test]
async fn a_secret_is_replaced_without_a_sign_out() {
    each(Backend::ALL, async |backend| {
        let mut world = World::at(backend, |config| config).await;
        world.provider.rotate_refresh_tokens();
        let step = |secrets: &[&str]| with_secrets(&world, backend, secrets);
        let steps = [step(&[OLD]), step(&[OLD, NEW]), step(&[NEW, OLD]), step(&[NEW])];
        world.logto = steps[0].clone();
        world.sign_in_as("alice").await;
        // The new secret opens first, then it seals too, on one instance after the other.
        for (at, instance) in steps[..3].iter().enumerate() {
            for instance in [instance, &steps[at.saturating_sub(1)]] {
                world.logto = instance.clone();
                assert_eq!(world.user().await.as_deref(), Some("alice"), "step {at}");
                // Without a common store only one instance's answers reach the browser in turn.
                world.clock.advance(LATER);
                world.access_token().await.unwrap();
                assert_eq!(world.user().await.as_deref(), Some("alice"), "step {at}");
            }
        }
        world.logto = steps[2].clone();
        world.sign_in_as("alice").await;
        world.logto = steps[3].clone();
        assert_eq!(world.user().await.as_deref(), Some("alice"));
        world.clock.advance(LATER);
        world.access_token().await.unwrap();
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn another_secret_makes_sessions_unreadable_and_sign_ins_possible() {
    each(Backend::ALL, async |backend| {
        let mut world = World::at(backend, |config| config).await;
        world.sign_in_as("alice").await;
        world.clock.advance(LATER);
        world.access_token().await.unwrap();
        world.logto = with_secrets(&world, backend, &[NEW]);
        assert_eq!(state_on(&world, &world.logto).await, SessionState::Unreadable);
        world.sign_in_as("bob").await;
        assert_eq!(world.logto.sessions_of("alice").await.unwrap().len(), 0);
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn an_app_that_moves_its_sessions_keeps_them() {
    let mut world = World::at(Backend::Cookies, |config| config).await;
    world.provider.rotate_refresh_tokens();
    world.sign_in_as("alice").await;
    let store = Arc::new(MemoryStorage::new().with_clock(world.clock.clone()));
    world.logto = world.changed(|config| config.with_storage(store));
    assert_eq!(world.user().await.as_deref(), Some("alice"));
    world.clock.advance(LATER);
    world.access_token().await.unwrap();
    assert_eq!(world.user().await.as_deref(), Some("alice"));
    let cookies = world.browser.cookies().to_vec();

    // Signing out works for such a session, copies included; the next one is in the store.
    let page = world.page();
    drop(page.sign_out().await);
    assert_eq!(world.user().await, None);
    world.sign_in_as("bob").await;
    assert_eq!(world.logto.sessions_of("bob").await.unwrap().len(), 1);
    let length =
        |cookies: &[(String, String)]| cookies.iter().map(|(_, value)| value.len()).sum::<usize>();
    assert!(length(world.browser.cookies()) < length(&cookies), "a ticket is short");
    world.finish();
}

#[tokio::test]
async fn a_store_that_lost_everything_asks_users_to_sign_in() {
    let mut world = World::at(Backend::Store, |config| config).await;
    world.sign_in_as("alice").await;
    let empty = Arc::new(MemoryStorage::new().with_clock(world.clock.clone()));
    world.logto = world.changed(|config| config.with_storage(empty));
    assert_eq!(state_on(&world, &world.logto).await, SessionState::Revoked);
    let token = world.page();
    let token = token.access_token(TokenRequest::opaque()).await;
    assert!(token.unwrap_err().needs_sign_in());
    world.sign_in_as("alice").await;
    world.finish();
}

#[tokio::test]
async fn browsers_are_never_sent_to_the_internal_address_of_logto() {
    // As Logto does, the tenant names its endpoints by the address at which it was asked.
    let mut world = LocalWorld::at(Backend::Cookies, |config| config).await;
    let public = world.tenant.endpoint().to_owned();
    let internal = match public.contains("127.0.0.1") {
        true => public.replace("127.0.0.1", "localhost"),
        false => public.replace("localhost", "127.0.0.1"),
    };
    assert_ne!(internal, public);
    world.logto = world.changed(|config| config.with_internal_endpoint(internal));
    world.sign_in("alice").await;
    for route in [Route::SignIn, Route::SignOut] {
        let method = if route == Route::SignOut { "POST" } else { "GET" };
        let request = world.browser.request(method, route.path(), &NAVIGATION);
        let seen = Seen::new(world.logto.handle(route, request).await);
        assert!(seen.location().starts_with(&format!("{public}/oidc/")), "{seen:?}");
    }
}
