//! Back-channel logout: which sessions end, on which instances, and when it has to wait.

use std::time::Duration;

use logto::web::{Route, SessionState};
use logto::{Logto, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Answer, Backend, Browser, Endpoint, Fixture, Trouble, each};
use url::Url;

const SECOND: Duration = Duration::from_secs(1);

fn other_instance(fixture: &Fixture, backend: Backend) -> Logto {
    match backend {
        Backend::Cookies => fixture.logto.clone(),
        _ => fixture.instance(),
    }
}

/// Signs someone in, in a browser of their own and from a session of their own at Logto.
async fn device(fixture: &mut Fixture, user: &str, sid: Option<&'static str>) -> Browser {
    fixture.browser = Browser::default();
    fixture.provider.bend_token(move |token| {
        if let Some(sid) = sid {
            token.claim("sid", sid);
        }
    });
    fixture.sign_in_as(user).await;
    fixture.browser.clone()
}

async fn is_signed_in(fixture: &mut Fixture, instance: &Logto, browser: &Browser) -> bool {
    fixture.browser = browser.clone();
    let page = fixture.page_of(instance);
    let state = page.session_state().await.unwrap();
    assert!([SessionState::SignedIn, SessionState::Revoked].contains(&state), "{state:?}");
    state == SessionState::SignedIn
}

async fn tell(fixture: &mut Fixture, instance: &Logto, token: &str) -> u16 {
    let seen = fixture.post_logout(instance, format!("logout_token={token}")).await;
    assert_eq!(seen.cookies, Vec::<String>::new());
    seen.status
}

#[tokio::test]
async fn a_user_is_signed_out_on_every_device_and_instance() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let other = other_instance(&fixture, backend);
        let phone = device(&mut fixture, "alice", None).await;
        let laptop = device(&mut fixture, "alice", Some("sid-of-the-laptop")).await;
        let bob = device(&mut fixture, "bob", None).await;
        fixture.provider.set_user("alice");
        let token = fixture.provider.logout_token(|_| ());
        assert_eq!(tell(&mut fixture, &other, &token).await, 200);
        for instance in [other, fixture.logto.clone()] {
            assert!(!is_signed_in(&mut fixture, &instance, &phone).await);
            assert!(!is_signed_in(&mut fixture, &instance, &laptop).await);
            assert!(is_signed_in(&mut fixture, &instance, &bob).await);
        }
        fixture.clock.advance(SECOND);
        let again = device(&mut fixture, "alice", None).await;
        let instance = fixture.logto.clone();
        assert!(is_signed_in(&mut fixture, &instance, &again).await, "who came later");
        fixture.finish();
    })
    .await;
}

/// Sessions from before Logto was told to send a `sid`.
#[tokio::test]
async fn a_session_that_knows_no_sid_ends_with_any_of_its_user() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let other = other_instance(&fixture, backend);
        let old = device(&mut fixture, "alice", None).await;
        let bob = device(&mut fixture, "bob", None).await;
        let laptop = device(&mut fixture, "alice", Some("sid-of-the-laptop")).await;
        fixture.clock.advance(SECOND);
        fixture.provider.set_user("alice");
        let token = fixture.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        let again = device(&mut fixture, "alice", None).await;
        assert_eq!(tell(&mut fixture, &other, &token).await, 200);
        for instance in [other, fixture.logto.clone()] {
            assert!(!is_signed_in(&mut fixture, &instance, &old).await);
            for browser in [&bob, &laptop, &again] {
                assert!(is_signed_in(&mut fixture, &instance, browser).await);
            }
        }
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_session_of_logto_is_signed_out_and_no_other() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let other = other_instance(&fixture, backend);
        let phone = device(&mut fixture, "alice", Some("sid-of-the-phone")).await;
        let laptop = device(&mut fixture, "alice", Some("sid-of-the-laptop")).await;
        fixture.browser = Browser::default();
        let seen = fixture.open("/sign-in").await;
        let (under_way, authorize) =
            (fixture.browser.clone(), Url::parse(seen.location()).unwrap());
        fixture.clock.advance(SECOND);
        let token = fixture.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        assert_eq!(tell(&mut fixture, &other, &token).await, 200);
        for instance in [other, fixture.logto.clone()] {
            assert!(!is_signed_in(&mut fixture, &instance, &phone).await);
            assert!(is_signed_in(&mut fixture, &instance, &laptop).await);
        }
        // A sign-in that was under way meanwhile: its session at Logto is over all the same.
        fixture.clock.advance(SECOND);
        fixture.browser = under_way;
        fixture.provider.bend_token(|token| token.claim("sid", "sid-of-the-phone"));
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        assert_eq!(seen.status, 400);
        assert_eq!(fixture.user().await, None);
        // One that begins afterwards is not sent around for ever, whatever its session is called.
        fixture.clock.advance(Duration::from_secs(10));
        device(&mut fixture, "alice", Some("sid-of-the-phone")).await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn it_outlives_a_refresh() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        device(&mut fixture, "alice", Some("sid-of-the-phone")).await;
        fixture.clock.advance(Duration::from_secs(3600));
        fixture.access_token().await.unwrap();
        let phone = fixture.browser.clone();
        let token = fixture.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        let instance = other_instance(&fixture, backend);
        assert_eq!(tell(&mut fixture, &instance, &token).await, 200);
        assert!(!is_signed_in(&mut fixture, &instance, &phone).await);
        let page = fixture.page();
        let refused = page.access_token(TokenRequest::opaque()).await.unwrap_err();
        assert!(refused.needs_sign_in(), "{refused}");
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_token_works_once() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let other = other_instance(&fixture, backend);
        let token = fixture.provider.logout_token(|_| ());
        assert_eq!(tell(&mut fixture, &other, &token).await, 200);
        fixture.clock.advance(SECOND);
        let browser = device(&mut fixture, "alice", None).await;
        for instance in [fixture.logto.clone(), other] {
            for _ in 0..2 {
                assert_eq!(tell(&mut fixture, &instance, &token).await, 400);
                assert!(is_signed_in(&mut fixture, &instance, &browser).await);
            }
        }
        fixture.clock.advance(Duration::from_secs(24 * 3600));
        let instance = fixture.logto.clone();
        assert_eq!(tell(&mut fixture, &instance, &token).await, 400, "long afterwards");
        assert_eq!(instance.drain(Duration::ZERO).await, 0, "it is not tried again");
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_token_that_could_not_be_verified_works_later() {
    let outages: [(&str, Endpoint, fn(Answer) -> Answer); 2] = [
        ("no keys", Endpoint::Jwks, |_| Answer::text(503, "")),
        ("no discovery", Endpoint::Discovery, Answer::cut),
    ];
    each(Backend::SHARED, async |backend| {
        for (name, endpoint, bend) in outages {
            let mut fixture = Fixture::lives(backend).await;
            let browser = fixture.browser.clone();
            let token = fixture.provider.logout_token(|_| ());
            // It knows no keys yet.
            let instance = fixture.instance();
            fixture.provider.bend(endpoint, move |answer, _| bend(answer));
            let seen = fixture.post_logout(&instance, format!("logout_token={token}")).await;
            assert_eq!(seen.status, 503, "{name}");
            assert!(seen.header("retry-after").is_some());
            fixture.provider.clear_faults();
            fixture.clock.advance(Duration::from_secs(31));
            assert_eq!(tell(&mut fixture, &instance, &token).await, 200, "{name}");
            assert!(!is_signed_in(&mut fixture, &instance, &browser).await, "{name}");
            fixture.finish();
        }
    })
    .await;
}

/// Logto sends a token once, whatever it is answered.
#[tokio::test]
async fn a_logout_that_met_an_outage_of_the_store_is_carried_out_after_it() {
    each(Backend::SHARED, async |backend| {
        for trouble in [
            Trouble::Down,
            Trouble::Hangs,
            Trouble::ReadOnly,
            Trouble::LosesAnswers,
            Trouble::Miscounts,
        ] {
            let mut fixture = Fixture::lives(backend).await;
            let browser = fixture.browser.clone();
            let token = fixture.provider.logout_token(|_| ());
            let instance = fixture.instance();
            fixture.store.fail_with(trouble);
            let seen = fixture.post_logout(&instance, format!("logout_token={token}")).await;
            assert_eq!(seen.status, 503, "{trouble:?}");
            assert!(seen.header("retry-after").is_some());
            fixture.clock.advance(SECOND);
            fixture.store.recover();
            // A sign-in that begins after the logout, and before the store has it.
            let later = device(&mut fixture, "alice", None).await;
            assert_eq!(instance.drain(Duration::from_secs(60)).await, 0, "{trouble:?}");
            assert!(!is_signed_in(&mut fixture, &instance, &browser).await, "{trouble:?}");
            assert!(is_signed_in(&mut fixture, &instance, &later).await, "{trouble:?}");
            assert_eq!(tell(&mut fixture, &instance, &token).await, 400, "{trouble:?}");
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_logout_is_tried_until_the_store_answers() {
    let mut fixture = Fixture::lives(Backend::Store).await;
    let (browser, instance) = (fixture.browser.clone(), fixture.logto.clone());
    let token = fixture.provider.logout_token(|_| ());
    fixture.store.fail_with(Trouble::Down);
    assert_eq!(tell(&mut fixture, &instance, &token).await, 503);
    let hits = fixture.store.hits();
    let again = async || (fixture.store.hits() >= hits + 2).then_some(());
    eventually("two more attempts in vain", again).await;
    fixture.store.recover();
    assert_eq!(instance.drain(Duration::from_secs(60)).await, 0);
    assert!(!is_signed_in(&mut fixture, &instance, &browser).await);
    fixture.finish();
}

/// At any moment of the store's breaking down, a token is carried out in the end.
#[tokio::test]
async fn no_moment_of_an_outage_loses_a_sign_out() {
    each(Backend::SHARED, async |backend| {
        let troubles = [Trouble::Down, Trouble::LosesAnswers];
        for (trouble, well) in troubles.into_iter().flat_map(|it| (0..6).map(move |n| (it, n))) {
            let mut fixture = Fixture::lives(backend).await;
            let browser = fixture.browser.clone();
            let token = fixture.provider.logout_token(|_| ());
            let instance = fixture.instance();
            fixture.store.fail_after(trouble, well);
            let status = tell(&mut fixture, &instance, &token).await;
            assert!([200, 503].contains(&status), "{status}");
            fixture.store.recover();
            assert_eq!(instance.drain(Duration::from_secs(60)).await, 0);
            assert!(
                !is_signed_in(&mut fixture, &instance, &browser).await,
                "{trouble:?} after {well} calls"
            );
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_goes_away_does_not_stop_it() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let browser = fixture.browser.clone();
        let token = fixture.provider.logout_token(|_| ());
        let (instance, gate) = (fixture.instance(), fixture.provider.hold(Endpoint::Jwks));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let request = Browser::default().request("POST", "/backchannel-logout", &form);
        let request = request.with_body(format!("logout_token={token}"));
        let mut answer = Box::pin(instance.handle(Route::BackChannelLogout, request));
        assert!(futures::poll!(&mut answer).is_pending());
        drop(answer);
        gate.open();
        assert_eq!(instance.drain(Duration::from_secs(60)).await, 0);
        assert!(!is_signed_in(&mut fixture, &instance, &browser).await);
        fixture.finish();
    })
    .await;
}
