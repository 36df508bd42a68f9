//! Back-channel logout: which sessions end, on which instances, and when it has to wait.

use std::time::Duration;

use logto::web::{Route, SessionState};
use logto::{Logto, TokenRequest};
use logto_tests::hostile::{Answer, Backend, Browser, Endpoint, Trouble, World, each};
use url::Url;

const SECOND: Duration = Duration::from_secs(1);

fn other_instance(world: &World, backend: Backend) -> Logto {
    match backend {
        Backend::Cookies => world.logto.clone(),
        _ => world.instance(),
    }
}

/// Signs someone in, in a browser of their own and from a session of their own at Logto.
async fn device(world: &mut World, user: &str, sid: Option<&'static str>) -> Browser {
    world.browser = Browser::default();
    world.provider.bend_token(move |token| {
        if let Some(sid) = sid {
            token.claim("sid", sid);
        }
    });
    world.sign_in_as(user).await;
    world.browser.clone()
}

async fn is_signed_in(world: &mut World, instance: &Logto, browser: &Browser) -> bool {
    world.browser = browser.clone();
    let page = world.page_of(instance);
    let state = page.session_state().await.unwrap();
    assert!([SessionState::SignedIn, SessionState::Revoked].contains(&state), "{state:?}");
    state == SessionState::SignedIn
}

async fn tell(world: &mut World, instance: &Logto, token: &str) -> u16 {
    let seen = world.post_logout(instance, format!("logout_token={token}")).await;
    assert_eq!(seen.cookies, Vec::<String>::new());
    seen.status
}

#[tokio::test]
async fn a_user_is_signed_out_on_every_device_and_instance() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        let other = other_instance(&world, backend);
        let phone = device(&mut world, "alice", None).await;
        let laptop = device(&mut world, "alice", Some("sid-of-the-laptop")).await;
        let bob = device(&mut world, "bob", None).await;
        world.provider.set_user("alice");
        let token = world.provider.logout_token(|_| ());
        assert_eq!(tell(&mut world, &other, &token).await, 200);
        for instance in [other, world.logto.clone()] {
            assert!(!is_signed_in(&mut world, &instance, &phone).await);
            assert!(!is_signed_in(&mut world, &instance, &laptop).await);
            assert!(is_signed_in(&mut world, &instance, &bob).await);
        }
        world.clock.advance(SECOND);
        let again = device(&mut world, "alice", None).await;
        let instance = world.logto.clone();
        assert!(is_signed_in(&mut world, &instance, &again).await, "who came later");
        world.finish();
    })
    .await;
}

/// Sessions from before Logto was told to send a `sid`.
#[tokio::test]
async fn a_session_that_knows_no_sid_ends_with_any_of_its_user() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        let other = other_instance(&world, backend);
        let old = device(&mut world, "alice", None).await;
        let bob = device(&mut world, "bob", None).await;
        let laptop = device(&mut world, "alice", Some("sid-of-the-laptop")).await;
        world.clock.advance(SECOND);
        world.provider.set_user("alice");
        let token = world.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        let again = device(&mut world, "alice", None).await;
        assert_eq!(tell(&mut world, &other, &token).await, 200);
        for instance in [other, world.logto.clone()] {
            assert!(!is_signed_in(&mut world, &instance, &old).await);
            for browser in [&bob, &laptop, &again] {
                assert!(is_signed_in(&mut world, &instance, browser).await);
            }
        }
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn a_session_of_logto_is_signed_out_and_no_other() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        let other = other_instance(&world, backend);
        let phone = device(&mut world, "alice", Some("sid-of-the-phone")).await;
        let laptop = device(&mut world, "alice", Some("sid-of-the-laptop")).await;
        world.browser = Browser::default();
        let seen = world.open("/sign-in").await;
        let (under_way, authorize) = (world.browser.clone(), Url::parse(seen.location()).unwrap());
        world.clock.advance(SECOND);
        let token = world.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        assert_eq!(tell(&mut world, &other, &token).await, 200);
        for instance in [other, world.logto.clone()] {
            assert!(!is_signed_in(&mut world, &instance, &phone).await);
            assert!(is_signed_in(&mut world, &instance, &laptop).await);
        }
        // A sign-in that was under way meanwhile: its session at Logto is over all the same.
        world.clock.advance(SECOND);
        world.browser = under_way;
        world.provider.bend_token(|token| token.claim("sid", "sid-of-the-phone"));
        let seen = world.open(&world.callback(&authorize)).await;
        assert_eq!(seen.status, 400);
        assert_eq!(world.user().await, None);
        // One that begins afterwards is not sent around for ever, whatever its session is called.
        world.clock.advance(Duration::from_secs(10));
        device(&mut world, "alice", Some("sid-of-the-phone")).await;
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn it_outlives_a_refresh() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        device(&mut world, "alice", Some("sid-of-the-phone")).await;
        world.clock.advance(Duration::from_secs(3600));
        world.access_token().await.unwrap();
        let phone = world.browser.clone();
        let token = world.provider.logout_token(|token| token.claim("sid", "sid-of-the-phone"));
        let instance = other_instance(&world, backend);
        assert_eq!(tell(&mut world, &instance, &token).await, 200);
        assert!(!is_signed_in(&mut world, &instance, &phone).await);
        let page = world.page();
        let refused = page.access_token(TokenRequest::opaque()).await.unwrap_err();
        assert!(refused.needs_sign_in(), "{refused}");
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn a_token_works_once() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        let other = other_instance(&world, backend);
        let token = world.provider.logout_token(|_| ());
        assert_eq!(tell(&mut world, &other, &token).await, 200);
        world.clock.advance(SECOND);
        let browser = device(&mut world, "alice", None).await;
        for instance in [world.logto.clone(), other] {
            for _ in 0..2 {
                assert_eq!(tell(&mut world, &instance, &token).await, 400);
                assert!(is_signed_in(&mut world, &instance, &browser).await);
            }
        }
        world.clock.advance(Duration::from_secs(24 * 3600));
        let instance = world.logto.clone();
        assert_eq!(tell(&mut world, &instance, &token).await, 400, "long afterwards");
        world.finish();
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
            let mut world = World::lives(backend).await;
            let browser = world.browser.clone();
            let token = world.provider.logout_token(|_| ());
            // It knows no keys yet.
            let instance = world.instance();
            world.provider.bend(endpoint, move |answer, _| bend(answer));
            let seen = world.post_logout(&instance, format!("logout_token={token}")).await;
            assert_eq!(seen.status, 503, "{name}");
            assert!(seen.header("retry-after").is_some());
            world.provider.clear_faults();
            world.clock.advance(Duration::from_secs(31));
            assert_eq!(tell(&mut world, &instance, &token).await, 200, "{name}");
            assert!(!is_signed_in(&mut world, &instance, &browser).await, "{name}");
            world.finish();
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
            let mut world = World::lives(backend).await;
            let browser = world.browser.clone();
            let token = world.provider.logout_token(|_| ());
            let instance = world.instance();
            world.store.fail_with(trouble);
            let seen = world.post_logout(&instance, format!("logout_token={token}")).await;
            assert_eq!(seen.status, 503, "{trouble:?}");
            assert!(seen.header("retry-after").is_some());
            world.clock.advance(SECOND);
            world.store.recover();
            // A sign-in that begins after the logout, and before the store has it.
            let later = device(&mut world, "alice", None).await;
            assert_eq!(instance.drain(Duration::from_secs(60)).await, 0, "{trouble:?}");
            assert!(!is_signed_in(&mut world, &instance, &browser).await, "{trouble:?}");
            assert!(is_signed_in(&mut world, &instance, &later).await, "{trouble:?}");
            assert_eq!(tell(&mut world, &instance, &token).await, 400, "{trouble:?}");
            world.finish();
        }
    })
    .await;
}

/// At any moment of the store's breaking down, a token is carried out in the end.
#[tokio::test]
async fn no_moment_of_an_outage_loses_a_sign_out() {
    each(Backend::SHARED, async |backend| {
        for well in 0..6 {
            let mut world = World::lives(backend).await;
            let browser = world.browser.clone();
            let token = world.provider.logout_token(|_| ());
            let instance = world.instance();
            world.store.fail_after(Trouble::Down, well);
            let status = tell(&mut world, &instance, &token).await;
            assert!([200, 503].contains(&status), "{status}");
            world.store.recover();
            assert_eq!(instance.drain(Duration::from_secs(60)).await, 0);
            assert!(!is_signed_in(&mut world, &instance, &browser).await, "after {well} calls");
            world.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_goes_away_does_not_stop_it() {
    each(Backend::SHARED, async |backend| {
        let mut world = World::lives(backend).await;
        let browser = world.browser.clone();
        let token = world.provider.logout_token(|_| ());
        let (instance, gate) = (world.instance(), world.provider.hold(Endpoint::Jwks));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let request = Browser::default().request("POST", "/backchannel-logout", &form);
        let request = request.with_body(format!("logout_token={token}"));
        let mut answer = Box::pin(instance.handle(Route::BackChannelLogout, request));
        assert!(futures::poll!(&mut answer).is_pending());
        drop(answer);
        gate.open();
        assert_eq!(instance.drain(Duration::from_secs(60)).await, 0);
        assert!(!is_signed_in(&mut world, &instance, &browser).await);
        world.finish();
    })
    .await;
}
