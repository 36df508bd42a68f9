//! How long a session lives, and what its use costs.

use std::time::Duration;

use futures::future::join_all;
use logto::LogtoConfig;
use logto::web::SessionState;
use logto_tests::hostile::{Backend, World, each};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The time of a request may lie a tick before that at which its session began, in another second.
const SECOND: Duration = Duration::from_secs(1);

/// A page that looks at the session: its state, and how many cookies it owes.
async fn visit(world: &mut World) -> (SessionState, usize) {
    let page = world.page();
    let state = page.session_state().await.unwrap();
    let cookies = page.take_cookies().await;
    world.browser.keep(&cookies);
    (state, cookies.len())
}

async fn world(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> World {
    let mut world = World::at(backend, configure).await;
    world.sign_in_as("alice").await;
    world
}

#[tokio::test]
async fn it_ends_with_its_lifetime_however_much_it_is_used() {
    each(Backend::ALL, async |backend| {
        let rules =
            |config: LogtoConfig| config.with_session_lifetime(DAY).with_idle_lifetime(HOUR * 2);
        let mut world = world(backend, rules).await;
        for _ in 0..23 {
            world.clock.advance(HOUR);
            assert_eq!(visit(&mut world).await.0, SessionState::SignedIn);
            world.access_token().await.unwrap();
        }
        world.clock.advance(HOUR + SECOND);
        // The browser may have a clock of its own.
        assert_eq!(visit(&mut world).await, (SessionState::Expired, 0));
        assert!(world.access_token().await.is_err());
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn it_ends_when_it_is_not_used() {
    each(Backend::ALL, async |backend| {
        let mut world = world(backend, |config| config.with_idle_lifetime(HOUR)).await;
        for _ in 0..5 {
            world.clock.advance(HOUR - MINUTE);
            assert_eq!(visit(&mut world).await, (SessionState::SignedIn, 1));
        }
        let copy = world.browser.clone();
        world.clock.advance(HOUR);
        let (state, pending) = visit(&mut world).await;
        let over = [SessionState::Expired, SessionState::Revoked];
        assert!(over.contains(&state) && pending == 0, "{state:?}, {pending} cookies");
        // Nor does another instance wake it.
        world.logto = world.instance();
        world.browser = copy;
        assert!(over.contains(&visit(&mut world).await.0));
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn without_an_idle_lifetime_nothing_is_noted() {
    each(Backend::ALL, async |backend| {
        let mut world = world(backend, |config| config).await;
        let written = world.store.writes();
        for _ in 0..13 {
            world.clock.advance(DAY);
            assert_eq!(visit(&mut world).await, (SessionState::SignedIn, 0));
        }
        assert_eq!(world.store.writes(), written);
        world.clock.advance(DAY + SECOND);
        assert_eq!(visit(&mut world).await.0, SessionState::Expired);
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn its_use_is_noted_once_in_an_interval() {
    let rules =
        |config: LogtoConfig| config.with_idle_lifetime(HOUR).with_renewal_interval(MINUTE * 10);
    each(Backend::ALL, async |backend| {
        let mut world = world(backend, rules).await;
        let others =
            if backend == Backend::Cookies { world.logto.clone() } else { world.instance() };
        for _ in 0..3 {
            let written = world.store.writes();
            world.clock.advance(MINUTE * 9);
            for _ in 0..10 {
                assert_eq!(visit(&mut world).await, (SessionState::SignedIn, 0));
            }
            assert_eq!(world.store.writes(), written, "too early");
            world.clock.advance(MINUTE);
            // Many requests at that moment, on two instances: one write.
            let pages: Vec<_> = (0..40)
                .map(|n| world.page_of(if n % 2 == 0 { &world.logto } else { &others }))
                .collect();
            let states = join_all(pages.iter().map(|page| page.session_state())).await;
            assert!(states.iter().all(|s| *s.as_ref().unwrap() == SessionState::SignedIn));
            let expected = usize::from(backend == Backend::Store);
            assert_eq!(world.store.writes() - written, expected);
            world.browser.keep(&pages[0].take_cookies().await);
            assert_eq!(visit(&mut world).await, (SessionState::SignedIn, 0));
        }
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn a_store_that_cannot_note_its_use_ends_nothing() {
    each(Backend::SHARED, async |backend| {
        let mut world = world(backend, |config| config.with_idle_lifetime(HOUR)).await;
        world.clock.advance(MINUTE * 30);
        world.store.fail_with(logto_tests::hostile::Trouble::ReadOnly);
        assert_eq!(visit(&mut world).await.0, SessionState::SignedIn);
        world.store.recover();
        assert_eq!(visit(&mut world).await.0, SessionState::SignedIn);
        world.finish();
    })
    .await;
}
