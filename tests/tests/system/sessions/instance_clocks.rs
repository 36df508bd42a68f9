//! Ends of sessions do not depend on the clocks of instances, which differ by up to half a minute.

use std::time::Duration;

use logto::web::SessionState;
use logto::{Clock, Logto};
use logto_tests::hostile::{Backend, Browser, Fixture, each};

const SECOND: Duration = Duration::from_secs(1);
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// A fixture with an instance that is behind Logto and one that is ahead of it.
async fn three_clocks(backend: Backend) -> (Fixture, Logto, Logto) {
    let fixture = Fixture::at(backend, |config| config).await;
    fixture.clock.advance(HALF_A_MINUTE);
    let behind = fixture.changed(|config| config.with_clock(Clock::system()));
    let clock = Clock::system();
    clock.advance(2 * HALF_A_MINUTE);
    let ahead = fixture.changed(|config| config.with_clock(clock));
    (fixture, behind, ahead)
}

async fn device(fixture: &mut Fixture, sid: Option<&'static str>) -> Browser {
    fixture.browser = Browser::default();
    fixture.provider.bend_token(move |token| {
        if let Some(sid) = sid {
            token.claim("sid", sid);
        }
    });
    fixture.sign_in_as("alice").await;
    fixture.browser.clone()
}

async fn log_out_at(fixture: &mut Fixture, instance: &Logto, sid: Option<&str>) {
    let token = fixture.provider.logout_token(|token| {
        if let Some(sid) = sid {
            token.claim("sid", sid);
        }
    });
    let seen = fixture.post_logout(instance, format!("logout_token={token}")).await;
    assert_eq!(seen.status, 200, "{seen:?}");
}

async fn is_signed_in(fixture: &mut Fixture, instance: &Logto, browser: &Browser) -> bool {
    fixture.browser = browser.clone();
    let state = fixture.page_of(instance).session_state().await.unwrap();
    state == SessionState::SignedIn
}

async fn assert_everywhere(
    fixture: &mut Fixture,
    others: [&Logto; 2],
    browser: &Browser,
    live: bool,
) {
    let own = fixture.logto.clone();
    for (name, instance) in [("own", &own), ("behind", others[0]), ("ahead", others[1])] {
        assert_eq!(is_signed_in(fixture, instance, browser).await, live, "{name}");
    }
}

#[tokio::test]
async fn a_logout_ends_what_began_before_it_and_not_what_began_after_it() {
    each(Backend::SHARED, async |backend| {
        for is_named in [false, true] {
            let (mut fixture, behind, ahead) = three_clocks(backend).await;
            for (at, sid) in [(&behind, "sid-of-the-phone"), (&ahead, "sid-of-the-laptop")] {
                let sid = is_named.then_some(sid);
                let before = device(&mut fixture, sid).await;
                fixture.clock.advance(SECOND);
                log_out_at(&mut fixture, at, sid).await;
                assert_everywhere(&mut fixture, [&behind, &ahead], &before, false).await;
                // At once: no one has to wait for a clock.
                let after = device(&mut fixture, sid.map(|_| "sid-of-another-session")).await;
                assert_everywhere(&mut fixture, [&behind, &ahead], &after, true).await;
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_later_logout_does_not_bring_back_what_an_earlier_one_ended() {
    each(Backend::SHARED, async |backend| {
        for sid in [None, Some("sid-of-the-phone")] {
            let (mut fixture, behind, ahead) = three_clocks(backend).await;
            let browser = device(&mut fixture, sid).await;
            for at in [&ahead, &behind, &ahead] {
                log_out_at(&mut fixture, at, sid).await;
                assert_everywhere(&mut fixture, [&behind, &ahead], &browser, false).await;
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_what_began_before_it_and_not_what_began_after_it() {
    each(Backend::SHARED, async |backend| {
        let (mut fixture, behind, ahead) = three_clocks(backend).await;
        for at in [&behind, &ahead] {
            let before = device(&mut fixture, None).await;
            at.sign_out_everywhere("alice").await.unwrap();
            assert_everywhere(&mut fixture, [&behind, &ahead], &before, false).await;
            let after = device(&mut fixture, None).await;
            assert_everywhere(&mut fixture, [&behind, &ahead], &after, true).await;
        }
        fixture.finish();
    })
    .await;
}
