//! How long a session lives, and what its use costs.

use std::time::Duration;

use futures::future::join_all;
use logto::LogtoConfig;
use logto::web::SessionState;
use logto_tests::hostile::{Backend, Fixture, each};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The time of a request may lie a tick before that at which its session began, in another second.
const SECOND: Duration = Duration::from_secs(1);

/// A page that looks at the session: its state, and how many cookies are pending.
async fn visit(fixture: &mut Fixture) -> (SessionState, usize) {
    let page = fixture.page();
    let state = page.session_state().await.unwrap();
    let cookies = page.take_cookies().await;
    fixture.browser.keep(&cookies);
    (state, cookies.len())
}

async fn fixture(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Fixture {
    let mut fixture = Fixture::at(backend, configure).await;
    fixture.sign_in_as("alice").await;
    fixture
}

#[tokio::test]
async fn it_ends_with_its_lifetime_however_much_it_is_used() {
    each(Backend::ALL, async |backend| {
        let rules =
            |config: LogtoConfig| config.with_session_lifetime(DAY).with_idle_lifetime(HOUR * 2);
        let mut fixture = fixture(backend, rules).await;
        for _ in 0..23 {
            fixture.clock.advance(HOUR);
            assert_eq!(visit(&mut fixture).await.0, SessionState::SignedIn);
            fixture.access_token().await.unwrap();
        }
        fixture.clock.advance(HOUR + SECOND);
        // The browser may have a clock of its own.
        assert_eq!(visit(&mut fixture).await, (SessionState::Expired, 0));
        assert!(fixture.access_token().await.is_err());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn it_ends_when_it_is_not_used() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend, |config| config.with_idle_lifetime(HOUR)).await;
        for _ in 0..5 {
            fixture.clock.advance(HOUR - MINUTE);
            assert_eq!(visit(&mut fixture).await, (SessionState::SignedIn, 1));
        }
        let copy = fixture.browser.clone();
        fixture.clock.advance(HOUR);
        let (state, pending) = visit(&mut fixture).await;
        let over = [SessionState::Expired, SessionState::Revoked];
        assert!(over.contains(&state) && pending == 0, "{state:?}, {pending} cookies");
        // Nor does another instance wake it.
        fixture.logto = fixture.instance();
        fixture.browser = copy;
        assert!(over.contains(&visit(&mut fixture).await.0));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn without_an_idle_lifetime_nothing_is_noted() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend, |config| config).await;
        let written = fixture.store.writes();
        for _ in 0..13 {
            fixture.clock.advance(DAY);
            assert_eq!(visit(&mut fixture).await, (SessionState::SignedIn, 0));
        }
        assert_eq!(fixture.store.writes(), written);
        fixture.clock.advance(DAY + SECOND);
        assert_eq!(visit(&mut fixture).await.0, SessionState::Expired);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn its_use_is_noted_once_in_an_interval() {
    let rules =
        |config: LogtoConfig| config.with_idle_lifetime(HOUR).with_renewal_interval(MINUTE * 10);
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend, rules).await;
        let others =
            if backend == Backend::Cookies { fixture.logto.clone() } else { fixture.instance() };
        for _ in 0..3 {
            let written = fixture.store.writes();
            fixture.clock.advance(MINUTE * 9);
            for _ in 0..10 {
                assert_eq!(visit(&mut fixture).await, (SessionState::SignedIn, 0));
            }
            assert_eq!(fixture.store.writes(), written, "too early");
            fixture.clock.advance(MINUTE);
            // Many requests at that moment, on two instances: one write.
            let pages: Vec<_> = (0..40)
                .map(|n| fixture.page_of(if n % 2 == 0 { &fixture.logto } else { &others }))
                .collect();
            let states = join_all(pages.iter().map(|page| page.session_state())).await;
            assert!(states.iter().all(|s| *s.as_ref().unwrap() == SessionState::SignedIn));
            let expected = usize::from(backend == Backend::Store);
            assert_eq!(fixture.store.writes() - written, expected);
            fixture.browser.keep(&pages[0].take_cookies().await);
            assert_eq!(visit(&mut fixture).await, (SessionState::SignedIn, 0));
        }
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_store_that_cannot_note_its_use_ends_nothing() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = fixture(backend, |config| config.with_idle_lifetime(HOUR)).await;
        fixture.clock.advance(MINUTE * 30);
        fixture.store.fail_with(logto_tests::hostile::Trouble::ReadOnly);
        assert_eq!(visit(&mut fixture).await.0, SessionState::SignedIn);
        fixture.store.recover();
        assert_eq!(visit(&mut fixture).await.0, SessionState::SignedIn);
        fixture.finish();
    })
    .await;
}
