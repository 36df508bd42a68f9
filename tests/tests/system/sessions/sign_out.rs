//! A sign-out wins: over refreshes under way, over copies of cookies, and never over a later
//! sign-in.

use std::mem;
use std::time::Duration;

use logto::web::{Request, Route, SessionState};
use logto::{LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Answer, Backend, Endpoint, Fixture, Gate, each};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);
const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];

fn sent(fixture: &Fixture) -> usize {
    fixture.provider.calls(Endpoint::Token).len()
}

/// Keeps the answers to refreshes back, and only to those.
fn hold_refreshes(fixture: &Fixture, bend: fn(Answer) -> Answer) -> Gate {
    let gate = Gate::default();
    let held = gate.clone();
    fixture.provider.bend(Endpoint::Token, move |answer, call| {
        if call.form["grant_type"] == "refresh_token" { bend(answer).held(&held) } else { answer }
    });
    gate
}

#[tokio::test]
async fn a_refresh_under_way_elsewhere_does_not_bring_a_session_back() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        let old = fixture.browser.clone();
        let before = sent(&fixture);
        let gate = hold_refreshes(&fixture, |answer| answer);
        let refreshing = fixture.logto.clone();
        let page = fixture.page_of(&refreshing);
        let asking = tokio::spawn({
            let page = page.clone();
            async move { page.access_token(TokenRequest::opaque()).await }
        });
        fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
        let rotated = fixture.provider.issued();
        let rotated = rotated.iter().rfind(|token| token.contains("refresh-token"));
        let rotated = rotated.unwrap().clone();

        if backend != Backend::Cookies {
            fixture.logto = fixture.instance();
        }
        let seen = fixture.send("POST", "/sign-out", &FORM).await;
        assert_eq!(seen.status, 303);
        gate.open();
        let error = asking.await.unwrap().unwrap_err();
        assert!(error.needs_sign_in(), "{error}");
        fixture.browser.keep(&page.take_cookies().await);

        eventually("the new refresh token to be revoked", async || {
            let revoked = fixture.provider.calls(Endpoint::Revocation);
            let revoked = revoked.iter().any(|call| call.form["token"] == rotated);
            revoked.then_some(())
        })
        .await;
        for instance in [refreshing, fixture.logto.clone()] {
            for browser in [fixture.browser.clone(), old.clone()] {
                fixture.browser = browser;
                let page = fixture.page_of(&instance);
                assert!(page.user().await.is_err());
                assert!(page.access_token(TokenRequest::opaque()).await.is_err());
            }
        }
        assert_eq!(sent(&fixture) - before, 1);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_copied_cookie_is_worth_nothing_afterwards() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        // One copy from before a refresh, one from after it.
        let before = fixture.browser.clone();
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        let after = fixture.browser.clone();
        fixture.send("POST", "/sign-out", &FORM).await;
        let other =
            if backend == Backend::Cookies { fixture.logto.clone() } else { fixture.instance() };
        for days in [0, 1, 12] {
            fixture.clock.advance(Duration::from_secs(days * 24 * 3600));
            for copy in [&before, &after] {
                fixture.browser = copy.clone();
                let page = fixture.page_of(&other);
                assert!(!page.is_authenticated().await.unwrap(), "after {days} days");
                assert_ne!(page.session_state().await.unwrap(), SessionState::SignedIn);
                let token = page.access_token(TokenRequest::opaque()).await;
                assert!(token.unwrap_err().needs_sign_in());
            }
        }
        fixture.finish();
    })
    .await;
}

/// One cookie is for a domain or a path that the app had before.
#[tokio::test]
async fn it_ends_every_session_that_the_browser_sends() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let older = mem::take(&mut fixture.browser);
        fixture.sign_in_as("alice").await;
        let newer = fixture.browser.clone();
        let cookies = [older.cookie_header(), newer.cookie_header()].join("; ");
        let headers = FORM.into_iter().chain([("cookie", cookies.as_str())]);
        let request = Request::new("POST", "/sign-out", headers);
        let reply = fixture.logto.handle(Route::SignOut, request).await;
        assert_eq!(fixture.receive(reply).status, 303);
        for browser in [older, newer] {
            fixture.browser = browser;
            assert_eq!(fixture.user().await, None);
        }
        eventually("both refresh tokens to be revoked", async || {
            (fixture.provider.refresh_tokens() == 0).then_some(())
        })
        .await;
        fixture.finish();
    })
    .await;
}

/// Scheme and domain make the name of the cookie, so the app does not see the one from before.
#[tokio::test]
async fn it_ends_the_session_of_a_cookie_that_had_another_name() {
    let plain: fn(LogtoConfig) -> LogtoConfig = |config| config;
    let https: fn(LogtoConfig) -> LogtoConfig =
        |config| config.with_base_url("https://app.example.com");
    let domain: fn(LogtoConfig) -> LogtoConfig =
        |config| config.with_base_url("https://app.example.com").with_cookie_domain("example.com");
    each(Backend::ALL, async |backend| {
        for (before, after, is_removed) in
            [(plain, https, true), (https, domain, true), (domain, https, false)]
        {
            let mut fixture = Fixture::at(backend, |config| config).await;
            let [before, after] = [before, after].map(|change| fixture.changed(change));
            fixture.logto = before.clone();
            fixture.sign_in_as("alice").await;
            let copy = fixture.browser.clone();
            fixture.logto = after;
            assert_eq!(fixture.user().await, None);
            fixture.sign_in_as("bob").await;
            let form = [("origin", "https://app.example.com")];
            assert_eq!(fixture.send("POST", "/sign-out", &form).await.status, 303);
            eventually("both refresh tokens to be revoked", async || {
                (fixture.provider.refresh_tokens() == 0).then_some(())
            })
            .await;
            // The change is taken back.
            fixture.logto = before;
            if is_removed {
                assert_eq!(fixture.user().await, None);
            }
            // Without a common store no other instance knows of an end.
            if backend != Backend::Cookies {
                fixture.browser = copy;
                assert_eq!(fixture.user().await, None);
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn the_newest_refresh_token_is_revoked() {
    each(Backend::SHARED, async |backend| {
        let fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        // A slow handler that looked at the session before another instance refreshed it.
        let slow = fixture.page();
        assert!(slow.is_authenticated().await.unwrap());
        let other = fixture.instance();
        let page = fixture.page_of(&other);
        page.access_token(TokenRequest::opaque()).await.unwrap();
        drop(slow.sign_out().await);
        assert_eq!(fixture.provider.refresh_tokens(), 0);
        let revoked = fixture.provider.calls(Endpoint::Revocation);
        let issued = fixture.provider.issued();
        let newest = issued.iter().rfind(|token| token.contains("refresh-token"));
        assert_eq!(revoked[0].form.get("token"), newest);
        fixture.finish();
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
            let mut fixture = Fixture::lives(backend).await;
            fixture.provider.rotate_refresh_tokens();
            fixture.clock.advance(LATER);
            let before = sent(&fixture);
            let gate = hold_refreshes(&fixture, bend);
            let page = fixture.page();
            let asking = tokio::spawn({
                let page = page.clone();
                async move { page.access_token(TokenRequest::opaque()).await }
            });
            fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
            fixture.sign_in_as("bob").await;
            gate.open();
            assert!(asking.await.unwrap().is_err(), "{name}");
            fixture.browser.keep(&page.take_cookies().await);
            assert_eq!(fixture.user().await.as_deref(), Some("bob"), "{name}");
            fixture.provider.clear_faults();
            fixture.clock.advance(LATER);
            assert!(fixture.access_token().await.is_ok(), "{name}");
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_late_note_of_use_does_not_undo_anything() {
    let idle = |config: LogtoConfig| config.with_idle_lifetime(Duration::from_secs(3600));
    each(Backend::ALL, async |backend| {
        for new_sign_in in [false, true] {
            let mut fixture = Fixture::at(backend, idle).await;
            fixture.sign_in_as("alice").await;
            fixture.clock.advance(Duration::from_secs(600));
            let slow = fixture.page();
            assert!(slow.is_authenticated().await.unwrap());
            fixture.send("POST", "/sign-out", &FORM).await;
            if new_sign_in {
                fixture.sign_in_as("bob").await;
            }
            fixture.browser.keep(&slow.take_cookies().await);
            let expected = new_sign_in.then_some("bob");
            assert_eq!(fixture.user().await.as_deref(), expected);
            fixture.finish();
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
            let mut fixture = match note_of_use {
                true => Fixture::at(backend, idle).await,
                false => Fixture::at(backend, |config| config).await,
            };
            fixture.sign_in_as("alice").await;
            fixture.provider.rotate_refresh_tokens();
            fixture.clock.advance(LATER);
            let copy = fixture.browser.clone();
            let gate = fixture.store.hold_write();
            let page = fixture.page();
            let asking = tokio::spawn({
                let page = page.clone();
                async move {
                    match note_of_use {
                        true => page.is_authenticated().await.unwrap(),
                        false => page.access_token(TokenRequest::opaque()).await.is_ok(),
                    }
                }
            });
            eventually("the write", async || fixture.store.is_holding().then_some(())).await;
            fixture.logto = fixture.instance();
            fixture.send("POST", "/sign-out", &FORM).await;
            gate.open();
            assert!(!asking.await.unwrap(), "note of use: {note_of_use}");
            fixture.browser.keep(&page.take_cookies().await);
            assert_eq!(fixture.user().await, None, "note of use: {note_of_use}");
            fixture.browser = copy;
            assert_eq!(fixture.user().await, None, "note of use: {note_of_use}");
            fixture.finish();
        }
    })
    .await;
}
