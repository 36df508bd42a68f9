//! Sessions that were opened are kept for the requests that follow. What must hold all the same.

use std::mem;
use std::time::Duration;

use logto::LogtoConfig;
use logto::web::{Request, SessionState};
use logto_tests::hostile::{Backend, Fixture, each};

const SECOND: Duration = Duration::from_secs(1);
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

/// Browsers go on sending a cookie for a domain or a path that the app does not use any more, and
/// the app cannot remove it.
#[tokio::test]
async fn of_several_sessions_the_newest_counts_wherever_its_cookie_is() {
    each(Backend::ALL, async |backend| {
        let mut fixture = seen(backend, |config| config).await;
        let alice = mem::take(&mut fixture.browser).cookie_header();
        fixture.clock.advance(SECOND);
        fixture.sign_in_as("bob").await;
        let (name, value) = fixture.browser.cookies()[0].clone();
        let bob = fixture.browser.cookie_header();
        let user = async |fixture: &Fixture, cookies: [&str; 3]| {
            let sent = cookies.join("; ");
            let page = fixture.logto.context(Request::new("GET", "/page", [("cookie", sent)]));
            let user = page.maybe_user().await.unwrap();
            user.map(|user| user.sub().to_owned())
        };
        for cookies in [[&*alice, &*bob, "a=b"], [&*bob, &*alice, "a=b"]] {
            assert_eq!(user(&fixture, cookies).await.as_deref(), Some("bob"));
        }

        // A sign-in ends all of them.
        fixture.browser.plant(&name, &format!("{value}; {alice}"));
        fixture.clock.advance(SECOND);
        fixture.sign_in_as("carol").await;
        let carol = fixture.browser.cookie_header();
        for ended in [&alice, &bob] {
            assert_eq!(user(&fixture, [ended, "", ""]).await, None);
        }
        for cookies in [[&*alice, &*bob, &*carol], [&*carol, &*bob, &*alice]] {
            assert_eq!(user(&fixture, cookies).await.as_deref(), Some("carol"));
        }
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn the_end_of_the_newest_session_does_not_bring_back_an_older_one() {
    each(Backend::ALL, async |backend| {
        let mut fixture = seen(backend, |config| config).await;
        let alice = mem::take(&mut fixture.browser).cookie_header();
        fixture.clock.advance(SECOND);
        fixture.sign_in_as("bob").await;
        let bob = fixture.browser.cookie_header();
        fixture.logto.sign_out_everywhere("bob").await.unwrap();
        for cookies in [[&*alice, &*bob], [&*bob, &*alice]] {
            let sent = cookies.join("; ");
            let page = fixture.logto.context(Request::new("GET", "/page", [("cookie", sent)]));
            assert_eq!(page.session_state().await.unwrap(), SessionState::Revoked);
        }
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
