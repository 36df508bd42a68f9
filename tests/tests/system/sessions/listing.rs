//! All sessions of a user: listed, ended one by one, ended at once. And what a thief of the store
//! would have.

use std::time::Duration;

use logto::web::SessionState;
use logto::{LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Backend, Browser, Fixture, NAVIGATION, Trouble, each};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);
const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];

async fn device(fixture: &mut Fixture, user: &str) -> Browser {
    fixture.browser = Browser::default();
    fixture.clock.advance(Duration::from_secs(1));
    fixture.sign_in_as(user).await;
    fixture.browser.clone()
}

async fn state(fixture: &mut Fixture, browser: &Browser) -> SessionState {
    fixture.browser = browser.clone();
    fixture.page().session_state().await.unwrap()
}

async fn nothing_works_at_the_provider(fixture: &Fixture, but: usize) {
    eventually("refresh tokens to be revoked", async || {
        (fixture.provider.refresh_tokens() == but).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_oldest_first_until_they_end() {
    let mut fixture = Fixture::at(Backend::Store, |config| config).await;
    let start = fixture.clock.now();
    let phone = device(&mut fixture, "alice").await;
    let laptop = device(&mut fixture, "alice").await;
    device(&mut fixture, "bob").await;
    let other = fixture.instance();
    let listed = other.sessions_of("alice").await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(start < listed[0].started_at && listed[0].started_at < listed[1].started_at);
    assert_ne!(listed[0].id, listed[1].id);
    assert_eq!(other.sessions_of("nobody").await.unwrap().len(), 0);

    // Its last use is known.
    fixture.clock.advance(LATER);
    let page = {
        fixture.browser = laptop.clone();
        fixture.page()
    };
    page.access_token(TokenRequest::opaque()).await.unwrap();
    let again = other.sessions_of("alice").await.unwrap();
    assert_eq!((&again[0].id, &again[1].id), (&listed[0].id, &listed[1].id));
    assert_eq!(again[0].last_used_at, listed[0].last_used_at);
    assert!(again[1].last_used_at >= listed[1].last_used_at + 3600, "{again:?}");

    // A new sign-in in the same browser replaces the session; a sign-out takes it away.
    fixture.browser = phone;
    fixture.sign_in_as("alice").await;
    assert_eq!(other.sessions_of("alice").await.unwrap().len(), 2);
    fixture.send("POST", "/sign-out", &FORM).await;
    let left = other.sessions_of("alice").await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, listed[1].id);
    fixture.clock.advance(Duration::from_secs(14 * 24 * 3600));
    assert_eq!(other.sessions_of("alice").await.unwrap().len(), 0);
    fixture.finish();
}

#[tokio::test]
async fn a_session_is_listed_until_its_lifetime_ends() {
    let mut fixture = Fixture::at(Backend::CookiesBesideStore, |config| config).await;
    device(&mut fixture, "alice").await;
    fixture.clock.advance(LATER);
    device(&mut fixture, "alice").await;
    let started_at = fixture.logto.sessions_of("alice").await.unwrap()[0].started_at;
    let age = fixture.clock.now() - started_at;
    fixture.clock.advance(Duration::from_secs(14 * 24 * 3600 - 1 - age));
    assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 2);
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 1);
    fixture.finish();
}

#[tokio::test]
async fn a_session_that_was_not_used_for_too_long_is_not_listed() {
    each(Backend::SHARED, async |backend| {
        let idle = |config: LogtoConfig| config.with_idle_lifetime(LATER);
        let mut fixture = Fixture::at(backend, idle).await;
        device(&mut fixture, "alice").await;
        assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 1);
        fixture.clock.advance(LATER + Duration::from_secs(1));
        let listed = fixture.logto.sessions_of("alice").await.unwrap().len();
        // The use of a session in cookies is noted in them alone.
        assert_eq!(listed, usize::from(backend != Backend::Store));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_end_waits_for_the_store_is_not_listed() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        device(&mut fixture, "alice").await;
        fixture.store.fail_with(Trouble::ReadOnly);
        fixture.send("POST", "/sign-out", &FORM).await;
        assert!(fixture.logto.sessions_of("alice").await.unwrap().is_empty());
        fixture.store.recover();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn one_session_is_ended_by_its_id() {
    let mut fixture = Fixture::at(Backend::Store, |config| config).await;
    let phone = device(&mut fixture, "alice").await;
    let laptop = device(&mut fixture, "alice").await;
    let bob = device(&mut fixture, "bob").await;
    let other = fixture.instance();
    let id = other.sessions_of("alice").await.unwrap()[0].id.clone();
    assert!(!other.end_session("bob", &id).await.unwrap(), "of another user");
    assert!(!other.end_session("alice", "").await.unwrap());
    assert!(other.end_session("alice", &id).await.unwrap());
    assert!(!other.end_session("alice", &id).await.unwrap(), "twice");
    assert_eq!(state(&mut fixture, &phone).await, SessionState::Revoked);
    assert_eq!(state(&mut fixture, &laptop).await, SessionState::SignedIn);
    assert_eq!(state(&mut fixture, &bob).await, SessionState::SignedIn);
    nothing_works_at_the_provider(&fixture, 2).await;
    fixture.finish();
}

const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
                      like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Signs alice in with a browser that says what it is.
async fn named_device(fixture: &mut Fixture, user_agent: &str) -> Browser {
    fixture.browser = Browser::default();
    fixture.clock.advance(Duration::from_secs(1));
    fixture.provider.set_user("alice");
    let authorize = fixture.begin("/sign-in").await;
    let mut headers = NAVIGATION.to_vec();
    headers.push(("user-agent", user_agent));
    let callback = fixture.callback(&authorize);
    assert_eq!(fixture.send("GET", &callback, &headers).await.status, 303);
    fixture.browser.clone()
}

#[tokio::test]
async fn a_user_sees_their_sessions_and_ends_the_others() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        let phone = named_device(&mut fixture, SAFARI).await;
        let console = named_device(&mut fixture, "curl/8.14.1").await;
        let laptop = named_device(&mut fixture, FIREFOX).await;
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        let user = fixture.page().user().await.unwrap_or_else(|reply| panic!("{reply:?}"));
        let listed = user.sessions().await.unwrap();
        let shown: Vec<_> = listed
            .iter()
            .map(|session| (session.browser, session.platform, session.is_current))
            .collect();
        let expected = [
            (Some("Safari"), Some("iPhone"), false),
            (None, None, false),
            (Some("Firefox"), Some("Linux"), true),
        ];
        assert_eq!(shown, expected);
        assert_eq!(listed[0].last_used_at, listed[0].started_at);
        assert!(listed[2].last_used_at >= listed[2].started_at + 3600, "{listed:?}");

        assert!(user.end_session(&listed[1].id).await.unwrap());
        assert_ne!(state(&mut fixture, &console).await, SessionState::SignedIn);
        assert_eq!(state(&mut fixture, &phone).await, SessionState::SignedIn);
        assert_eq!(user.end_other_sessions().await.unwrap(), 1);
        assert_ne!(state(&mut fixture, &phone).await, SessionState::SignedIn);
        assert_eq!(state(&mut fixture, &laptop).await, SessionState::SignedIn);
        let left = user.sessions().await.unwrap();
        assert!(matches!(left.as_slice(), [one] if one.is_current), "{left:?}");
        fixture.logto.sign_out_everywhere("alice").await.unwrap();
        assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 0);
        // Who signs in right afterwards is listed, although the marker is a minute ahead.
        named_device(&mut fixture, FIREFOX).await;
        assert_eq!(fixture.logto.sessions_of("alice").await.unwrap().len(), 1);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn other_sites_end_no_sessions() {
    let fixture = Fixture::signed_in().await;
    for (origin, site, allowed) in [
        ("http://localhost:3000", "same-origin", true),
        ("https://evil.example", "cross-site", false),
        ("null", "cross-site", false),
    ] {
        let headers = [("origin", origin), ("sec-fetch-site", site)];
        let page = fixture.browser.request("POST", "/sessions/end-others", &headers);
        let checked = fixture.logto.context(page).require_own_page();
        assert_eq!(
            checked.map_err(|reply| reply.status()),
            if allowed { Ok(()) } else { Err(403) }
        );
    }
    fixture.finish();
}

#[tokio::test]
async fn signing_out_everywhere() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        let phone = device(&mut fixture, "alice").await;
        let laptop = device(&mut fixture, "alice").await;
        let bob = device(&mut fixture, "bob").await;
        let other =
            if backend == Backend::Cookies { fixture.logto.clone() } else { fixture.instance() };
        other.sign_out_everywhere("alice").await.unwrap();
        for browser in [&phone, &laptop] {
            assert_eq!(state(&mut fixture, browser).await, SessionState::Revoked);
        }
        assert_eq!(state(&mut fixture, &bob).await, SessionState::SignedIn);
        if backend == Backend::Store {
            nothing_works_at_the_provider(&fixture, 1).await;
        }
        let again = device(&mut fixture, "alice").await;
        assert_eq!(state(&mut fixture, &again).await, SessionState::SignedIn);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn signing_out_everywhere_can_be_repeated_after_an_outage() {
    for calls in 0..12 {
        let mut fixture = Fixture::at(Backend::Store, |config| config).await;
        let devices = [device(&mut fixture, "alice").await, device(&mut fixture, "alice").await];
        fixture.store.fail_after(Trouble::Down, calls);
        if let Err(error) = fixture.logto.sign_out_everywhere("alice").await {
            assert!(error.is_retryable(), "{error}");
            fixture.store.recover();
            fixture.logto.sign_out_everywhere("alice").await.unwrap();
        }
        fixture.store.recover();
        for browser in &devices {
            assert_eq!(state(&mut fixture, browser).await, SessionState::Revoked, "{calls}");
        }
        nothing_works_at_the_provider(&fixture, 0).await;
        fixture.finish();
    }
}

#[tokio::test]
async fn a_dump_of_the_store_tells_nothing() {
    let rules = |config: LogtoConfig| {
        config.with_resources(["https://a.example"]).with_idle_lifetime(Duration::from_secs(7200))
    };
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::at(backend, rules).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.provider.bend_token(|token| {
            token.claim("sid", "the-sid-of-a-session");
            token.claim("email", "alice@example.test");
        });
        fixture.sign_in_as("alice-the-first").await;
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        fixture.token("https://a.example").await.unwrap();
        let token = fixture.provider.logout_token(|token| token.claim("sid", "another-sid"));
        let logto = fixture.logto.clone();
        fixture.post_logout(&logto, format!("logout_token={token}")).await;
        let listed = fixture.logto.sessions_of("alice-the-first").await.unwrap();
        fixture.send("POST", "/sign-out", &FORM).await;
        fixture.logto.sign_out_everywhere("alice-the-first").await.unwrap();

        let mut telling: Vec<String> = fixture.provider.issued();
        telling.extend(fixture.cookie_values().iter().map(|value| value.chars().skip(1).collect()));
        telling.extend(listed.into_iter().map(|session| session.id));
        for word in ["alice", "example.test", "the-sid-of", "a.example", "sub", "another-sid"] {
            telling.push(word.to_owned());
        }
        let dump = fixture.store.dump();
        assert!(dump.len() > 5);
        for (key, value) in dump {
            let value = String::from_utf8_lossy(&value);
            for secret in telling.iter().filter(|secret| !secret.is_empty()) {
                assert!(!key.contains(secret.as_str()), "{key} tells {secret}");
                assert!(secret.len() < 5 || !value.contains(secret.as_str()), "{key}: {secret}");
            }
            let (_, hash) = key.split_once(':').unwrap();
            assert_eq!(hash.len(), 22, "half a hash: {key}");
        }
        fixture.finish();
    })
    .await;
}
