//! A sign-out wins: over refreshes under way, over copies of cookies, and never over a later
//! sign-in.

use std::time::Duration;

use logto::web::SessionState;
use logto::{LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Answer, Backend, Endpoint, Gate, World, each};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);
const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];

fn sent(world: &World) -> usize {
    world.provider.calls(Endpoint::Token).len()
}

/// Keeps the answers to refreshes back, and only to those.
fn hold_refreshes(world: &World, bend: fn(Answer) -> Answer) -> Gate {
    let gate = Gate::default();
    let held = gate.clone();
    world.provider.bend(Endpoint::Token, move |answer, call| {
        if call.form["grant_type"] == "refresh_token" { bend(answer).held(&held) } else { answer }
    });
    gate
}

#[tokio::test]
async fn a_refresh_under_way_elsewhere_does_not_bring_a_session_back() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        world.provider.rotate_refresh_tokens();
        world.clock.advance(LATER);
        let old = world.browser.clone();
        let before = sent(&world);
        let gate = hold_refreshes(&world, |answer| answer);
        let refreshing = world.logto.clone();
        let page = world.page_of(&refreshing);
        let asking = tokio::spawn({
            let page = page.clone();
            async move { page.access_token(TokenRequest::opaque()).await }
        });
        world.provider.has_been_called(Endpoint::Token, before + 1).await;
        let rotated = world.provider.issued();
        let rotated = rotated.iter().rfind(|token| token.contains("refresh-token"));
        let rotated = rotated.unwrap().clone();

        if backend != Backend::Cookies {
            world.logto = world.instance();
        }
        let seen = world.send("POST", "/sign-out", &FORM).await;
        assert_eq!(seen.status, 303);
        gate.open();
        let error = asking.await.unwrap().unwrap_err();
        assert!(error.needs_sign_in(), "{error}");
        world.browser.keep(&page.take_cookies().await);

        eventually("the new refresh token to be revoked", async || {
            let revoked = world.provider.calls(Endpoint::Revocation);
            let revoked = revoked.iter().any(|call| call.form["token"] == rotated);
            revoked.then_some(())
        })
        .await;
        for instance in [refreshing, world.logto.clone()] {
            for browser in [world.browser.clone(), old.clone()] {
                world.browser = browser;
                let page = world.page_of(&instance);
                assert!(page.user().await.is_err());
                assert!(page.access_token(TokenRequest::opaque()).await.is_err());
            }
        }
        assert_eq!(sent(&world) - before, 1);
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn a_copied_cookie_is_worth_nothing_afterwards() {
    each(Backend::ALL, async |backend| {
        let mut world = World::lives(backend).await;
        // One copy from before a refresh, one from after it.
        let before = world.browser.clone();
        world.clock.advance(LATER);
        world.access_token().await.unwrap();
        let after = world.browser.clone();
        world.send("POST", "/sign-out", &FORM).await;
        let other =
            if backend == Backend::Cookies { world.logto.clone() } else { world.instance() };
        for days in [0, 1, 12] {
            world.clock.advance(Duration::from_secs(days * 24 * 3600));
            for copy in [&before, &after] {
                world.browser = copy.clone();
                let page = world.page_of(&other);
                assert!(!page.is_authenticated().await.unwrap(), "after {days} days");
                assert_ne!(page.session_state().await.unwrap(), SessionState::SignedIn);
                let token = page.access_token(TokenRequest::opaque()).await;
                assert!(token.unwrap_err().needs_sign_in());
            }
        }
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn the_newest_refresh_token_is_revoked() {
    each(Backend::SHARED, async |backend| {
        let world = World::lives(backend).await;
        world.provider.rotate_refresh_tokens();
        world.clock.advance(LATER);
        // A slow handler that looked at the session before another instance refreshed it.
        let slow = world.page();
        assert!(slow.is_authenticated().await.unwrap());
        let other = world.instance();
        let page = world.page_of(&other);
        page.access_token(TokenRequest::opaque()).await.unwrap();
        drop(slow.sign_out().await);
        assert_eq!(world.provider.refresh_tokens(), 0);
        let revoked = world.provider.calls(Endpoint::Revocation);
        let issued = world.provider.issued();
        let newest = issued.iter().rfind(|token| token.contains("refresh-token"));
        assert_eq!(revoked[0].form.get("token"), newest);
        world.finish();
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_of_the_old_session_does_not_end_the_new_one() {
    let answers: [(&str, fn(Answer) -> Answer); 3] = [
        ("a good one", |answer| answer),
        ("invalid_grant", |_| Answer::error(400, "invalid_grant")),
        ("an outage", |_| Answer::text(503, "")),
    ];
    each(Backend::ALL, async |backend| {
        for (name, bend) in answers {
            let mut world = World::lives(backend).await;
            world.provider.rotate_refresh_tokens();
            world.clock.advance(LATER);
            let before = sent(&world);
            let gate = hold_refreshes(&world, bend);
            let page = world.page();
            let asking = tokio::spawn({
                let page = page.clone();
                async move { page.access_token(TokenRequest::opaque()).await }
            });
            world.provider.has_been_called(Endpoint::Token, before + 1).await;
            world.sign_in_as("bob").await;
            gate.open();
            assert!(asking.await.unwrap().is_err(), "{name}");
            world.browser.keep(&page.take_cookies().await);
            assert_eq!(world.user().await.as_deref(), Some("bob"), "{name}");
            world.provider.clear_faults();
            world.clock.advance(LATER);
            assert!(world.access_token().await.is_ok(), "{name}");
            world.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_late_note_of_use_does_not_undo_anything() {
    let idle = |config: LogtoConfig| config.with_idle_lifetime(Duration::from_secs(3600));
    each(Backend::ALL, async |backend| {
        for new_sign_in in [false, true] {
            let mut world = World::at(backend, idle).await;
            world.sign_in_as("alice").await;
            world.clock.advance(Duration::from_secs(600));
            let slow = world.page();
            assert!(slow.is_authenticated().await.unwrap());
            world.send("POST", "/sign-out", &FORM).await;
            if new_sign_in {
                world.sign_in_as("bob").await;
            }
            world.browser.keep(&slow.take_cookies().await);
            let expected = new_sign_in.then_some("bob");
            assert_eq!(world.user().await.as_deref(), expected);
            world.finish();
        }
    })
    .await;
}

/// The write expects what was read before the sign-out.
#[tokio::test]
async fn a_write_under_way_does_not_bring_a_session_back() {
    let idle = |config: LogtoConfig| config.with_idle_lifetime(LATER * 2);
    each(Backend::SHARED, async |backend| {
        for note_of_use in [false, true] {
            if note_of_use && backend == Backend::CookiesBesideStore {
                // Such a note is in the cookie alone.
                continue;
            }
            let mut world = match note_of_use {
                true => World::at(backend, idle).await,
                false => World::at(backend, |config| config).await,
            };
            world.sign_in_as("alice").await;
            world.provider.rotate_refresh_tokens();
            world.clock.advance(LATER);
            let copy = world.browser.clone();
            let gate = world.store.hold_write();
            let page = world.page();
            let asking = tokio::spawn({
                let page = page.clone();
                async move {
                    match note_of_use {
                        true => page.is_authenticated().await.unwrap(),
                        false => page.access_token(TokenRequest::opaque()).await.is_ok(),
                    }
                }
            });
            eventually("the write", async || world.store.is_holding().then_some(())).await;
            world.logto = world.instance();
            world.send("POST", "/sign-out", &FORM).await;
            gate.open();
            assert!(!asking.await.unwrap(), "note of use: {note_of_use}");
            world.browser.keep(&page.take_cookies().await);
            assert_eq!(world.user().await, None, "note of use: {note_of_use}");
            world.browser = copy;
            assert_eq!(world.user().await, None, "note of use: {note_of_use}");
            world.finish();
        }
    })
    .await;
}
