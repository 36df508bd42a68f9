//! A store that is down, slow, or talks rubbish: 503 for who needs it, and no one is signed out.

use std::time::Duration;

use logto::web::{Context, Reply, Route, SessionState};
use logto::{Error, TokenRequest};
use logto_tests::hostile::{Backend, Endpoint, Fixture, NAVIGATION, Seen, Trouble, each};

const SCRIPT: [(&str, &str); 2] = [("accept", "application/json"), ("sec-fetch-mode", "cors")];
const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];
const OUTAGES: [Trouble; 3] = [Trouble::Down, Trouble::Hangs, Trouble::Miscounts];

/// What a page asks for.
#[derive(Clone, Copy, Debug)]
enum Ask {
    User,
    MaybeUser,
    State,
    Claims,
    Token,
    UserInfo,
    Everything,
}

impl Ask {
    const ALL: [Self; 7] = [
        Self::User,
        Self::MaybeUser,
        Self::State,
        Self::Claims,
        Self::Token,
        Self::UserInfo,
        Self::Everything,
    ];

    async fn of(self, page: &Context) -> Option<Reply> {
        let answer = |error: Error| Reply::from(error);
        match self {
            Self::User => page.user().await.err(),
            Self::MaybeUser => page.maybe_user().await.err(),
            Self::State => page.session_state().await.map_err(answer).err(),
            Self::Claims => page.id_token_claims().await.map_err(answer).err(),
            Self::Token => {
                let token = page.access_token(TokenRequest::opaque()).await;
                token.map_err(answer).err()
            }
            Self::UserInfo => page.fetch_user_info().await.map_err(answer).err(),
            Self::Everything => page.get_context(Default::default()).await.map_err(answer).err(),
        }
    }
}

#[tokio::test]
async fn every_kind_of_request_is_told_to_come_back() {
    each(Backend::SHARED, async |backend| {
        for trouble in OUTAGES {
            let mut fixture = Fixture::lives(backend).await;
            fixture.store.fail_with(trouble);
            for (headers, kind) in
                [(&NAVIGATION[..], "text/html"), (&SCRIPT[..], "application/json")]
            {
                for ask in Ask::ALL {
                    let page =
                        fixture.logto.context(fixture.browser.request("GET", "/page", headers));
                    let seen = fixture.receive(ask.of(&page).await.expect("an answer"));
                    assert_eq!(seen.status, 503, "{trouble:?} {ask:?}: {seen:?}");
                    assert!(seen.header("content-type").unwrap().starts_with(kind), "{seen:?}");
                    assert!(page.take_cookies().await.is_empty(), "{trouble:?} {ask:?}");
                }
            }
            assert!(fixture.logto.ping_storage().await.is_err() || trouble == Trouble::Miscounts);
            fixture.store.fail_with(Trouble::ReadOnly);
            assert!(fixture.logto.ping_storage().await.is_err(), "a store that can only be read");
            fixture.store.recover();
            fixture.logto.ping_storage().await.unwrap();
            assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{trouble:?}");
            assert!(fixture.access_token().await.is_ok());
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_not_signed_in_does_not_notice() {
    each(Backend::SHARED, async |backend| {
        for trouble in OUTAGES {
            let mut fixture = Fixture::at(backend, |config| config).await;
            fixture.store.fail_with(trouble);
            assert_eq!(fixture.user().await, None);
            let seen = fixture.open("/sign-in").await;
            assert_eq!(seen.status, 303, "{trouble:?}");
            assert!(seen.location().starts_with(fixture.provider.endpoint()));
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_callback_works_when_the_outage_is_over() {
    each(Backend::SHARED, async |backend| {
        for trouble in [Trouble::Down, Trouble::Hangs, Trouble::ReadOnly] {
            let mut fixture = Fixture::lives(backend).await;
            fixture.provider.set_user("bob");
            let authorize = fixture.begin("/sign-in?return_to=/home").await;
            let callback = fixture.callback(&authorize);
            let before = fixture.provider.calls(Endpoint::Token).len();
            fixture.store.fail_with(trouble);
            let seen = fixture.open(&callback).await;
            assert_eq!(seen.status, 503, "{trouble:?}");
            assert_eq!(fixture.provider.calls(Endpoint::Token).len(), before, "the code is kept");
            fixture.store.recover();
            assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{trouble:?}");
            let seen = fixture.open(&callback).await;
            assert_eq!((seen.status, seen.location()), (303, "/home"), "{trouble:?}");
            assert_eq!(fixture.user().await.as_deref(), Some("bob"), "{trouble:?}");
            fixture.finish();
        }
    })
    .await;
}

/// A write that was given up may be stored all the same; it must not lock out the next attempt.
#[tokio::test]
async fn a_callback_whose_replay_guard_was_stored_without_an_answer() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        let callback = fixture.callback(&authorize);
        let writes = fixture.store.writes();
        fixture.store.fail_with(Trouble::LosesAnswers);
        let seen = fixture.open(&callback).await;
        assert_eq!(seen.status, 503, "{seen:?}");
        assert_eq!(fixture.store.writes(), writes + 1, "the guard is stored");
        assert!(fixture.provider.calls(Endpoint::Token).is_empty(), "the code is kept");
        fixture.store.recover();
        let seen = fixture.open(&callback).await;
        assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

/// What came for the code waits until the store is back.
#[tokio::test]
async fn a_callback_whose_session_is_stored_after_the_outage() {
    let mut fixture = Fixture::at(Backend::Store, |config| config).await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let gate = fixture.provider.hold(Endpoint::Token);
    let request = fixture.browser.request("GET", &callback, &NAVIGATION);
    let logto = fixture.logto.clone();
    let asking = tokio::spawn(async move { logto.handle(Route::Callback, request).await });
    fixture.provider.has_been_called(Endpoint::Token, 1).await;
    fixture.store.fail_with(Trouble::Down);
    gate.open();
    let reply = asking.await.unwrap();
    assert_eq!(fixture.receive(reply).status, 503);
    fixture.store.recover();
    let seen = fixture.open(&callback).await;
    assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1, "the code went out once");
    fixture.finish();
}

/// The code is spent when the store fails; that must not cost the sign-in.
#[tokio::test]
async fn a_callback_whose_session_is_stored_at_the_second_attempt() {
    for trouble in [Trouble::Down, Trouble::LosesAnswers] {
        let mut fixture = Fixture::at(Backend::Store, |config| config).await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        let callback = fixture.callback(&authorize);
        let gate = fixture.provider.hold(Endpoint::Token);
        let request = fixture.browser.request("GET", &callback, &NAVIGATION);
        let logto = fixture.logto.clone();
        let asking = tokio::spawn(async move { logto.handle(Route::Callback, request).await });
        fixture.provider.has_been_called(Endpoint::Token, 1).await;
        fixture.store.fail_for(trouble, 2);
        gate.open();
        let reply = asking.await.unwrap();
        let seen = fixture.receive(reply);
        assert_eq!((seen.status, seen.location()), (303, "/home"), "{trouble:?}: {seen:?}");
        assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{trouble:?}");
        fixture.finish();
    }
}

#[tokio::test]
async fn signing_out_holds_when_the_store_is_back() {
    each(Backend::SHARED, async |backend| {
        for trouble in [Trouble::Down, Trouble::Hangs, Trouble::ReadOnly, Trouble::Miscounts] {
            let mut fixture = Fixture::lives(backend).await;
            let (copy, other) = (fixture.browser.clone(), fixture.instance());
            fixture.store.fail_with(trouble);
            let seen = fixture.send("POST", "/sign-out", &FORM).await;
            // The user is told, and can go on to Logto.
            assert_eq!(seen.status, 202, "{trouble:?}: {seen:?}");
            assert!(seen.body.contains("has not reached all servers yet"), "{seen:?}");
            assert!(seen.body.contains("/session/end?client_id="), "{trouble:?}: {seen:?}");
            assert_eq!(fixture.browser.cookie_header(), "");
            // Here it is over at once, and a process that stops is told that it is not yet
            // elsewhere.
            fixture.browser = copy;
            assert_ne!(fixture.page().session_state().await.unwrap(), SessionState::SignedIn);
            assert_ne!(fixture.logto.drain(Duration::ZERO).await, 0, "{trouble:?}");
            fixture.store.recover();
            assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0, "{trouble:?}");
            let elsewhere = fixture.page_of(&other).session_state().await.unwrap();
            assert_ne!(elsewhere, SessionState::SignedIn, "{trouble:?}");
            assert_eq!(fixture.provider.refresh_tokens(), 0, "{trouble:?}");
            for line in ["failed to store a sign-out", "stored all pending sign-outs"] {
                assert_eq!(fixture.log().matches(line).count(), 1, "{trouble:?}: {line}");
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_stop_its_sign_out() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let copy = fixture.browser.clone();
        fixture.store.fail_with(Trouble::Hangs);
        let request = fixture.browser.request("POST", "/sign-out", &FORM);
        let mut answer = Box::pin(fixture.logto.handle(Route::SignOut, request));
        assert!(futures::poll!(&mut answer).is_pending());
        drop(answer);
        tokio::task::yield_now().await;
        fixture.store.recover();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        fixture.browser = copy;
        assert_eq!(fixture.user().await, None);
        assert_eq!(fixture.provider.refresh_tokens(), 0);
        fixture.finish();
    })
    .await;
}

/// The cookie says which refresh token it is, so the store is not needed to revoke it.
#[tokio::test]
async fn signing_out_of_a_session_in_cookies_revokes_without_the_store() {
    let mut fixture = Fixture::lives(Backend::CookiesBesideStore).await;
    fixture.store.fail_with(Trouble::Down);
    fixture.send("POST", "/sign-out", &FORM).await;
    assert_eq!(fixture.provider.refresh_tokens(), 0);
    fixture.finish();
}

#[tokio::test]
async fn entries_that_cannot_be_read_are_no_session() {
    each(Backend::SHARED, async |backend| {
        for trouble in [Trouble::Damages, Trouble::Empties] {
            let mut fixture = Fixture::lives(backend).await;
            fixture.clock.advance(Duration::from_secs(3600));
            // So that there is an entry for a session in cookies too.
            let page = fixture.page();
            page.access_token(TokenRequest::opaque()).await.unwrap();
            fixture.store.fail_with(trouble);
            assert_eq!(fixture.user().await, None, "{trouble:?}");
            // Not something that a visitor can bring about.
            let log = fixture.log();
            assert_eq!(log.matches("WARN").count(), 1, "{trouble:?}: {log}");
            assert!(log.contains("a session in the store cannot be read"), "{trouble:?}: {log}");
            let token = fixture.access_token().await.unwrap_err();
            assert_eq!(token.status, 303, "{trouble:?}: {token:?}");
            let seen: Seen = fixture.open("/sign-in").await;
            assert_eq!(seen.status, 303, "{trouble:?}");
            fixture.store.recover();
            fixture.sign_in_as("bob").await;
            fixture.finish();
        }
    })
    .await;
}
