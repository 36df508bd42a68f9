//! Waiting for the end of a session: what completes it, on which instances, and what does not.

use std::time::Duration;

use futures::FutureExt;
use logto::web::{Context, Route, SessionEnded, SessionState};
use logto::{Logto, LogtoConfig, TokenRequest};
use logto_tests::hostile::{Answer, Backend, Browser, Endpoint, Trouble, World, each};
use logto_tests::webhook::{SIGNING_KEY, Webhook};
use logto_tests::{eventually, soon};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];

/// What ends a session.
#[derive(Clone, Copy, Debug)]
enum End {
    SignOut,
    Everywhere,
    NewSignIn,
    OneOfTheList,
    BackChannelUser,
    BackChannelSession,
    Webhook,
    RefusedRefresh,
    Lifetime,
}

const ENDS: [(&str, End); 9] = [
    ("a sign-out", End::SignOut),
    ("a sign-out everywhere", End::Everywhere),
    ("another sign-in in its browser", End::NewSignIn),
    ("the page of sessions", End::OneOfTheList),
    ("a back-channel logout of the user", End::BackChannelUser),
    ("a back-channel logout of the session", End::BackChannelSession),
    ("a webhook", End::Webhook),
    ("a refused refresh", End::RefusedRefresh),
    ("its lifetime", End::Lifetime),
];

impl End {
    async fn happen(self, world: &mut World, instance: &Logto) {
        let usual = std::mem::replace(&mut world.logto, instance.clone());
        match self {
            Self::SignOut => {
                world.send("POST", "/sign-out", &FORM).await;
            }
            Self::Everywhere => instance.sign_out_everywhere("alice").await.unwrap(),
            Self::NewSignIn => world.sign_in_as("alice").await,
            Self::OneOfTheList => {
                let listed = instance.sessions_of("alice").await.unwrap();
                assert!(instance.end_session("alice", &listed[0].id).await.unwrap());
            }
            Self::BackChannelUser => {
                world.provider.set_user("alice");
                let token = world.provider.logout_token(|_| ());
                world.post_logout(instance, format!("logout_token={token}")).await;
            }
            Self::BackChannelSession => {
                let token = world.provider.logout_token(|token| token.claim("sid", "sid-of-alice"));
                world.post_logout(instance, format!("logout_token={token}")).await;
            }
            Self::Webhook => {
                let at = world.clock.now() * 1000 + 500;
                let webhook = Webhook::suspended("alice", true, at);
                let headers = [("logto-signature-sha-256", webhook.signature.as_str())];
                let request = Browser::default().request("POST", "/webhooks/logto", &headers);
                let request = request.with_body(webhook.body.clone());
                assert_eq!(instance.handle(Route::Webhooks, request).await.status(), 200);
            }
            Self::RefusedRefresh => {
                world.provider.bend(Endpoint::Token, |_, _| Answer::error(400, "invalid_grant"));
                let asked = world.page().access_token(TokenRequest::opaque().refreshed()).await;
                assert!(asked.unwrap_err().needs_sign_in());
            }
            Self::Lifetime => world.clock.advance(14 * DAY),
        }
        world.logto = usual;
    }
}

/// A world with bob and alice, and alice's browser at hand.
async fn world(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> World {
    let configure = |config: LogtoConfig| configure(config.with_webhook_signing_key(SIGNING_KEY));
    let mut world = World::at(backend, configure).await;
    world.provider.bend_token(|token| token.claim("sid", "sid-of-alice"));
    world.sign_in_as("alice").await;
    world.clock.advance(Duration::from_secs(1));
    world
}

/// A stream that someone has opened: its request is answered.
async fn stream(world: &World, instance: &Logto) -> (Context, SessionEnded) {
    let page = world.page_of(instance);
    let user = page.user().await.unwrap_or_else(|reply| panic!("{reply:?}"));
    page.take_cookies().await;
    let mut ended = user.session_ended();
    assert!((&mut ended).now_or_never().is_none(), "it ended at once");
    (page, ended)
}

async fn truth(page: &Context) -> SessionState {
    page.session_state().await.unwrap()
}

#[tokio::test]
async fn every_end_ends_the_streams_of_the_session_and_no_other() {
    for is_mute in [false, true] {
        each(Backend::ALL, async |backend| {
            each(ENDS, async |end| {
                if backend != Backend::Store && matches!(end, End::OneOfTheList) {
                    return;
                }
                let mut world = world(backend, |config| config).await;
                if is_mute {
                    world.store.be_mute();
                }
                let alice = world.browser.clone();
                world.browser = Browser::default();
                world.provider.bend_token(|token| token.claim("sid", "sid-of-bob"));
                world.sign_in_as("bob").await;
                let here = world.logto.clone();
                let there =
                    if backend == Backend::Cookies { here.clone() } else { world.instance() };
                let (_, mut of_bob) = stream(&world, &there).await;
                world.browser = alice;
                world.provider.bend_token(|token| token.claim("sid", "sid-of-alice"));
                let (page, one) = stream(&world, &here).await;
                let (_, same) = stream(&world, &here).await;
                let (other_page, other) = stream(&world, &there).await;
                end.happen(&mut world, &here).await;
                soon("the stream here", one).await;
                soon("another one here", same).await;
                soon("the stream on another instance", other).await;
                for page in [page, other_page] {
                    assert_ne!(truth(&page).await, SessionState::SignedIn);
                }
                if !matches!(end, End::Lifetime) {
                    assert!((&mut of_bob).now_or_never().is_none(), "bob's stream ended");
                }
                world.finish();
            })
            .await;
        })
        .await;
    }
}

#[tokio::test]
async fn in_its_own_process_the_end_is_there_at_once() {
    each(Backend::ALL, async |backend| {
        let mut world = world(backend, |config| config).await;
        let here = world.logto.clone();
        let (_, ended) = stream(&world, &here).await;
        world.send("POST", "/sign-out", &FORM).await;
        assert!(ended.now_or_never().is_some(), "it has to ask");
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn new_tokens_and_outages_end_nothing() {
    each(Backend::SHARED, async |backend| {
        let mut world = world(backend, |config| config).await;
        world.store.be_mute();
        world.provider.rotate_refresh_tokens();
        let other = world.instance();
        let (page, mut ended) = stream(&world, &other).await;
        world.clock.advance(HOUR);
        world.access_token().await.unwrap();
        world.store.fail_with(Trouble::Down);
        eventually("the store to be asked in vain", async || {
            (world.store.hits() > 1).then_some(())
        })
        .await;
        assert!((&mut ended).now_or_never().is_none(), "an outage ended it");
        assert!(page.is_authenticated().await.unwrap_err().is_retryable());
        world.store.recover();
        let reads = world.store.reads();
        eventually("the store to be asked again", async || {
            (world.store.reads() > reads + 1).then_some(())
        })
        .await;
        assert!((&mut ended).now_or_never().is_none(), "new tokens ended it");
        assert_eq!(truth(&page).await, SessionState::SignedIn);
        world.logto.sign_out_everywhere("alice").await.unwrap();
        soon("its end", ended).await;
        world.finish();
    })
    .await;
}

/// What is announced is asked for, and nothing else.
#[tokio::test]
async fn many_streams_need_one_subscription_and_no_questions() {
    let mut world = world(Backend::Store, |config| config).await;
    let bystander = world.instance();
    let (_, of_bystander) = stream(&world, &bystander).await;
    let other = world.instance();
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(stream(&world, &other).await.1);
    }
    eventually("both to listen", async || (world.store.subscriptions() == 2).then_some(())).await;
    eventually("the first questions to be answered", async || {
        let reads = world.store.reads();
        tokio::task::yield_now().await;
        (world.store.reads() == reads).then_some(())
    })
    .await;
    let before = world.store.reads();
    world.send("POST", "/sign-out", &FORM).await;
    for stream in streams {
        soon("its end", stream).await;
    }
    soon("its end", of_bystander).await;
    // The sign-out reads three times, and each instance once or, while it begins to listen, twice.
    let reads = world.store.reads() - before;
    assert!(reads <= 7, "{reads} questions");
    assert_eq!(world.store.subscriptions(), 2);
    world.finish();
}

#[tokio::test]
async fn a_session_in_use_elsewhere_lives_longer() {
    let idle = |config: LogtoConfig| config.with_idle_lifetime(2 * HOUR);
    let world = world(Backend::Store, idle).await;
    let other = world.instance();
    let (_, mut ended) = stream(&world, &other).await;
    world.clock.advance(HOUR * 3 / 2);
    assert_eq!(world.user().await.as_deref(), Some("alice"));
    let reads = world.store.reads();
    world.clock.advance(HOUR);
    eventually("the store to be asked", async || (world.store.reads() > reads).then_some(())).await;
    assert!((&mut ended).now_or_never().is_none(), "it was used an hour ago");
    world.clock.advance(2 * HOUR);
    soon("its end", ended).await;
    world.finish();
}

#[tokio::test]
async fn a_context_that_is_kept_tells_what_holds_now() {
    each(Backend::ALL, async |backend| {
        let mut world = world(backend, |config| config).await;
        let page = world.page();
        for _ in 0..3 {
            assert_eq!(truth(&page).await, SessionState::SignedIn);
        }
        let reads = world.store.reads();
        assert!(page.is_authenticated().await.unwrap());
        assert_eq!(world.store.reads(), reads, "a request asks once");
        page.take_cookies().await;
        let user = page.user().await.unwrap_or_else(|reply| panic!("{reply:?}"));
        world.send("POST", "/sign-out", &FORM).await;
        assert_ne!(truth(&page).await, SessionState::SignedIn);
        assert!(page.user().await.is_err());
        soon("an end that has come before", user.session_ended()).await;
        world.finish();
    })
    .await;
}
