//! Sessions that were opened are kept for the requests that follow. What must hold all the same.

use std::time::Duration;

use logto::LogtoConfig;
use logto::web::{Request, SessionState};
use logto_tests::hostile::{Backend, Fixture, each};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn state(fixture: &Fixture) -> SessionState {
    fixture.page().session_state().await.unwrap()
}

/// Alice, whose session was opened before.
async fn seen(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Fixture {
    let mut fixture = Fixture::at(backend, configure).await;
    fixture.sign_in_as("alice").await;
    for _ in 0..3 {
        assert_eq!(state(&fixture).await, SessionState::SignedIn);
    }
    fixture
}

#[tokio::test]
async fn a_changed_cookie_is_another_one() {
    each(Backend::ALL, async |backend| {
        let mut fixture = seen(backend, |config| config).await;
        let (name, value) = fixture.browser.cookies()[0].clone();
        for (at, byte) in value.bytes().enumerate() {
            let mut changed = value.clone();
            let other = if byte == b'A' { "B" } else { "A" };
            changed.replace_range(at..=at, other);
            fixture.browser.plant(&name, &changed);
            assert_eq!(state(&fixture).await, SessionState::Unreadable, "at {at}");
        }
        fixture.browser.plant(&name, &value);
        assert_eq!(state(&fixture).await, SessionState::SignedIn);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn cookies_of_its_name_in_front_do_not_hide_the_session() {
    each(Backend::ALL, async |backend| {
        let fixture = seen(backend, |config| config).await;
        let name = &fixture.browser.cookies()[0].0;
        for value in ["x", "0x", "1x", "9x", &format!("1{}", "A".repeat(2000))] {
            let mut header = format!("{name}={value}; ").repeat(100);
            header.push_str(&fixture.browser.cookie_header());
            let request = Request::new("GET", "/page", [("cookie", header.as_bytes())]);
            let state = fixture.logto.context(request).session_state().await.unwrap();
            assert_eq!(state, SessionState::SignedIn, "{value}");
        }
        fixture.finish();
    })
    .await;
}

/// Browsers send the oldest cookie first, and go on sending one for a domain or a path that the app
/// does not use any more.
#[tokio::test]
async fn an_ended_session_in_front_does_not_hide_the_one_behind_it() {
    each(Backend::ALL, async |backend| {
        let mut fixture = seen(backend, |config| config).await;
        let mut header = String::new();
        for user in ["bob", "alice", "carol"] {
            header.push_str(&format!("{}; ", fixture.browser.cookie_header()));
            // The session before it ends with that.
            fixture.sign_in_as(user).await;
        }
        let sent = format!("{header}{}", fixture.browser.cookie_header());
        let page = |cookies: &str| {
            fixture.logto.context(Request::new("GET", "/page", [("cookie", cookies)]))
        };
        let user = page(&sent).maybe_user().await.unwrap();
        assert_eq!(user.map(|user| user.sub().to_owned()).as_deref(), Some("carol"));
        let state = page(&header).session_state().await.unwrap();
        assert!(matches!(state, SessionState::SignedOut | SessionState::Revoked), "{state:?}");
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_session_cookie_and_a_session_pointer_are_not_interchangeable() {
    each(Backend::ALL, async |backend| {
        let mut fixture = seen(backend, |config| config).await;
        let (name, value) = fixture.browser.cookies()[0].clone();
        let (kind, sealed) = value.split_at(1);
        let other = if kind == "0" { "1" } else { "0" };
        fixture.browser.plant(&name, &format!("{other}{sealed}"));
        assert_eq!(state(&fixture).await, SessionState::Unreadable);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn what_another_instance_ended_is_over() {
    each(Backend::SHARED, async |backend| {
        let fixture = seen(backend, |config| config).await;
        let alice = fixture.user().await.unwrap();
        fixture.instance().sign_out_everywhere(&alice).await.unwrap();
        assert_eq!(state(&fixture).await, SessionState::Revoked);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn what_this_instance_ended_is_over() {
    each(Backend::ALL, async |backend| {
        let fixture = seen(backend, |config| config).await;
        let alice = fixture.user().await.unwrap();
        fixture.logto.sign_out_everywhere(&alice).await.unwrap();
        assert_eq!(state(&fixture).await, SessionState::Revoked);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn its_time_goes_by() {
    each(Backend::ALL, async |backend| {
        let fixture = seen(backend, |config| config.with_session_lifetime(DAY)).await;
        // The time of a request may lie a tick before that at which its session began.
        fixture.clock.advance(DAY + Duration::from_secs(1));
        assert_eq!(state(&fixture).await, SessionState::Expired);
        fixture.finish();
    })
    .await;
}
