//! Waiting for the end of a session: what completes it, on which instances, and what does not.

use std::time::Duration;

use futures::FutureExt;
use logto::web::{Context, Route, SessionEnded, SessionState};
use logto::{Logto, LogtoConfig, TokenRequest};
use logto_tests::hostile::{Answer, Backend, Browser, Endpoint, Fixture, Trouble, each};
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
    async fn happen(self, fixture: &mut Fixture, instance: &Logto) {
        let usual = std::mem::replace(&mut fixture.logto, instance.clone());
        match self {
            Self::SignOut => {
                fixture.send("POST", "/sign-out", &FORM).await;
            }
            Self::Everywhere => instance.sign_out_everywhere("alice").await.unwrap(),
            Self::NewSignIn => fixture.sign_in_as("alice").await,
            Self::OneOfTheList => {
                let listed = instance.sessions_of("alice").await.unwrap();
                assert!(instance.end_session("alice", &listed[0].id).await.unwrap());
            }
            Self::BackChannelUser => {
                fixture.provider.set_user("alice");
                let token = fixture.provider.logout_token(|_| ());
                fixture.post_logout(instance, format!("logout_token={token}")).await;
            }
            Self::BackChannelSession => {
                let token =
                    fixture.provider.logout_token(|token| token.claim("sid", "sid-of-alice"));
                fixture.post_logout(instance, format!("logout_token={token}")).await;
            }
            Self::Webhook => {
                let at = fixture.clock.now() * 1000 + 500;
                let webhook = Webhook::suspended("alice", true, at);
                let headers = [("logto-signature-sha-256", webhook.signature.as_str())];
                let request = Browser::default().request("POST", "/webhooks/logto", &headers);
                let request = request.with_body(webhook.body.clone());
                assert_eq!(instance.handle(Route::Webhooks, request).await.status(), 200);
            }
            Self::RefusedRefresh => {
                fixture.provider.bend(Endpoint::Token, |_, _| Answer::error(400, "invalid_grant"));
                let asked = fixture.page().access_token(TokenRequest::opaque().refreshed()).await;
                assert!(asked.unwrap_err().needs_sign_in());
            }
            Self::Lifetime => fixture.clock.advance(14 * DAY),
        }
        fixture.logto = usual;
    }
}

/// A fixture with bob and alice, and alice's browser at hand.
async fn fixture(backend: Backend, configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Fixture {
    let configure = |config: LogtoConfig| configure(config.with_webhook_signing_key(SIGNING_KEY));
    let mut fixture = Fixture::at(backend, configure).await;
    fixture.provider.bend_token(|token| token.claim("sid", "sid-of-alice"));
    fixture.sign_in_as("alice").await;
    fixture.clock.advance(Duration::from_secs(1));
    fixture
}

/// A stream that someone has opened: its request is answered.
async fn stream(fixture: &Fixture, instance: &Logto) -> (Context, SessionEnded) {
    let page = fixture.page_of(instance);
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
                let mut fixture = fixture(backend, |config| config).await;
                if is_mute {
                    fixture.store.be_mute();
                }
                let alice = fixture.browser.clone();
                fixture.browser = Browser::default();
                fixture.provider.bend_token(|token| token.claim("sid", "sid-of-bob"));
                fixture.sign_in_as("bob").await;
                let here = fixture.logto.clone();
                let there =
                    if backend == Backend::Cookies { here.clone() } else { fixture.instance() };
                let (_, mut of_bob) = stream(&fixture, &there).await;
                fixture.browser = alice;
                fixture.provider.bend_token(|token| token.claim("sid", "sid-of-alice"));
                let (page, one) = stream(&fixture, &here).await;
                let (_, same) = stream(&fixture, &here).await;
                let (other_page, other) = stream(&fixture, &there).await;
                end.happen(&mut fixture, &here).await;
                soon("the stream here", one).await;
                soon("another one here", same).await;
                soon("the stream on another instance", other).await;
                for page in [page, other_page] {
                    assert_ne!(truth(&page).await, SessionState::SignedIn);
                }
                if !matches!(end, End::Lifetime) {
                    assert!((&mut of_bob).now_or_never().is_none(), "bob's stream ended");
                }
                fixture.finish();
            })
            .await;
        })
        .await;
    }
}

#[tokio::test]
async fn in_its_own_process_the_end_is_there_at_once() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend, |config| config).await;
        let here = fixture.logto.clone();
        let (_, ended) = stream(&fixture, &here).await;
        fixture.send("POST", "/sign-out", &FORM).await;
        assert!(ended.now_or_never().is_some(), "it has to ask");
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn new_tokens_and_outages_end_nothing() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = fixture(backend, |config| config).await;
        fixture.store.be_mute();
        fixture.provider.rotate_refresh_tokens();
        let other = fixture.instance();
        let (page, mut ended) = stream(&fixture, &other).await;
        fixture.clock.advance(HOUR);
        fixture.access_token().await.unwrap();
        fixture.store.fail_with(Trouble::Down);
        eventually("the store to be asked in vain", async || {
            (fixture.store.hits() > 1).then_some(())
        })
        .await;
        assert!((&mut ended).now_or_never().is_none(), "an outage ended it");
        assert!(page.is_authenticated().await.unwrap_err().is_retryable());
        fixture.store.recover();
        let reads = fixture.store.reads();
        eventually("the store to be asked again", async || {
            (fixture.store.reads() > reads + 1).then_some(())
        })
        .await;
        assert!((&mut ended).now_or_never().is_none(), "new tokens ended it");
        assert_eq!(truth(&page).await, SessionState::SignedIn);
        fixture.logto.sign_out_everywhere("alice").await.unwrap();
        soon("its end", ended).await;
        fixture.finish();
    })
    .await;
}

/// What is announced is asked for, and nothing else.
#[tokio::test]
async fn many_streams_need_one_subscription_and_no_questions() {
    let mut fixture = fixture(Backend::Store, |config| config).await;
    let bystander = fixture.instance();
    let (_, of_bystander) = stream(&fixture, &bystander).await;
    let other = fixture.instance();
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(stream(&fixture, &other).await.1);
    }
    eventually("both to listen", async || (fixture.store.subscriptions() == 2).then_some(())).await;
    eventually("the first questions to be answered", async || {
        let reads = fixture.store.reads();
        tokio::task::yield_now().await;
        (fixture.store.reads() == reads).then_some(())
    })
    .await;
    let before = fixture.store.reads();
    fixture.send("POST", "/sign-out", &FORM).await;
    for stream in streams {
        soon("its end", stream).await;
    }
    soon("its end", of_bystander).await;
    // The sign-out reads three times, and each instance once or, while it begins to listen, twice.
    let reads = fixture.store.reads() - before;
    assert!(reads <= 7, "{reads} questions");
    assert_eq!(fixture.store.subscriptions(), 2);
    fixture.finish();
}

#[tokio::test]
async fn a_session_in_use_elsewhere_lives_longer() {
    let idle = |config: LogtoConfig| config.with_idle_lifetime(2 * HOUR);
    let fixture = fixture(Backend::Store, idle).await;
    let other = fixture.instance();
    let (_, mut ended) = stream(&fixture, &other).await;
    fixture.clock.advance(HOUR * 3 / 2);
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    let reads = fixture.store.reads();
    fixture.clock.advance(HOUR);
    eventually("the store to be asked", async || (fixture.store.reads() > reads).then_some(()))
        .await;
    assert!((&mut ended).now_or_never().is_none(), "it was used an hour ago");
    fixture.clock.advance(2 * HOUR);
    soon("its end", ended).await;
    fixture.finish();
}

#[tokio::test]
async fn a_context_that_is_kept_tells_what_holds_now() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend, |config| config).await;
        let page = fixture.page();
        for _ in 0..3 {
            assert_eq!(truth(&page).await, SessionState::SignedIn);
        }
        let reads = fixture.store.reads();
        assert!(page.is_authenticated().await.unwrap());
        assert_eq!(fixture.store.reads(), reads, "a request asks once");
        page.take_cookies().await;
        let user = page.user().await.unwrap_or_else(|reply| panic!("{reply:?}"));
        fixture.send("POST", "/sign-out", &FORM).await;
        assert_ne!(truth(&page).await, SessionState::SignedIn);
        assert!(page.user().await.is_err());
        soon("an end that has come before", user.session_ended()).await;
        fixture.finish();
    })
    .await;
}
