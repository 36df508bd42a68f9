//! Sign-in without a page, for visitors who are signed in at Logto.

use logto::web::Route;
use logto::{ErrorKind, Prompt, SignInOptions, TokenRequest};
use logto_local::Stop;
use logto_tests::hostile::{
    BASE_URL, Backend, Browser, Endpoint, Fixture, LocalFixture, NAVIGATION, Seen, state_of,
};
use url::Url;

async fn at_tenant() -> LocalFixture {
    LocalFixture::at(Backend::Cookies, |config| config).await
}

/// The redirect of a page that tries it.
async fn try_it(fixture: &mut LocalFixture) -> Option<String> {
    let reply = fixture.page().sign_in_silently(SignInOptions::new()).await.unwrap();
    let seen = Seen::new(reply?);
    fixture.browser.keep(&seen.cookies);
    assert_eq!(seen.status, 303, "{seen:?}");
    Some(seen.location().to_owned())
}

async fn come_back(fixture: &mut LocalFixture, stop: Stop) -> String {
    let Stop::App(callback) = stop else { panic!("a page was shown: {stop:?}") };
    let target = callback.strip_prefix(BASE_URL).unwrap();
    let request = fixture.browser.request("GET", target, &NAVIGATION);
    let seen = Seen::new(fixture.logto.handle(Route::Callback, request).await);
    fixture.browser.keep(&seen.cookies);
    assert_eq!(seen.status, 303, "{seen:?}");
    seen.location().to_owned()
}

#[tokio::test]
async fn a_visitor_whom_logto_does_not_know_sees_the_page_and_is_not_asked_again() {
    let mut fixture = at_tenant().await;
    let mut browser = fixture.tenant.browser();
    let address = try_it(&mut fixture).await.unwrap();
    assert!(address.contains("prompt=none"), "{address}");
    assert!(!address.contains("offline_access"), "{address}");
    let stop = browser.open(&address).await.unwrap();
    assert_eq!(come_back(&mut fixture, stop).await, "/page");
    assert!(!fixture.page().is_authenticated().await.unwrap());
    assert_eq!(try_it(&mut fixture).await, None);
}

#[tokio::test]
async fn a_visitor_whom_logto_knows_is_signed_in_without_a_page() {
    let mut fixture = at_tenant().await;
    let mut browser = fixture.tenant.browser();
    let there = Seen::new(fixture.page().sign_in(SignInOptions::new()).await.unwrap());
    fixture.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "alice").await.unwrap();
    come_back(&mut fixture, Stop::App(callback)).await;
    assert_eq!(try_it(&mut fixture).await, None, "she is signed in");

    // Another app, or the same one in an hour.
    fixture.browser = Browser::default();
    let address = try_it(&mut fixture).await.unwrap();
    let stop = browser.open(&address).await.unwrap();
    let ordinary = come_back(&mut fixture, stop).await;
    assert!(ordinary.contains("prompt=consent"), "{ordinary}");
    let stop = browser.open(&ordinary).await.unwrap();
    assert_eq!(come_back(&mut fixture, stop).await, "/page");
    assert!(fixture.page().is_authenticated().await.unwrap());
    // With a refresh token.
    assert!(fixture.token(TokenRequest::opaque().refreshed()).await.is_ok());
}

#[tokio::test]
async fn without_offline_access_one_redirect_is_enough() {
    let mut fixture =
        LocalFixture::at(Backend::Cookies, |config| config.without_offline_access()).await;
    let mut browser = fixture.tenant.browser();
    let there = Seen::new(fixture.page().sign_in(SignInOptions::new()).await.unwrap());
    fixture.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "alice").await.unwrap();
    come_back(&mut fixture, Stop::App(callback)).await;
    fixture.browser = Browser::default();
    let address = try_it(&mut fixture).await.unwrap();
    let stop = browser.open(&address).await.unwrap();
    assert_eq!(come_back(&mut fixture, stop).await, "/page");
    assert!(fixture.page().is_authenticated().await.unwrap());
}

#[tokio::test]
async fn only_a_user_who_opens_a_page_is_sent_away() {
    let fixture = at_tenant().await;
    for (method, headers) in [
        ("POST", &NAVIGATION[..]),
        ("HEAD", &NAVIGATION[..]),
        ("GET", &[("accept", "application/json")][..]),
        ("GET", &[("accept", "text/html"), ("hx-request", "true")][..]),
        ("GET", &[("accept", "text/html"), ("sec-purpose", "prefetch")][..]),
    ] {
        let page = fixture.logto.context(fixture.browser.request(method, "/page", headers));
        let reply = page.sign_in_silently(SignInOptions::new()).await.unwrap();
        assert!(reply.is_none(), "{method} {headers:?}");
    }
    for options in [
        SignInOptions::new().with_prompt(Prompt::Login),
        SignInOptions::new().with_max_age(std::time::Duration::ZERO),
        SignInOptions::new().with_expected_user("alice"),
    ] {
        let error = fixture.page().sign_in_silently(options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}

/// What comes back, and where the browser is sent then: the page, or once more to the provider.
#[tokio::test]
async fn there_is_one_ordinary_redirect_and_no_other() {
    for (error, goes_on) in [
        ("consent_required", true),
        ("login_required", false),
        ("interaction_required", false),
        ("temporarily_unavailable", false),
    ] {
        let mut fixture = Fixture::new().await;
        let reply = fixture.page().sign_in_silently(SignInOptions::new()).await.unwrap();
        let seen = fixture.receive(reply.unwrap());
        let refused = |authorize: &Url, fixture: &Fixture| {
            let (state, issuer) = (state_of(authorize), fixture.provider.issuer());
            format!("/callback?error={error}&state={state}&iss={issuer}")
        };
        let authorize = Url::parse(seen.location()).unwrap();
        let back = refused(&authorize, &fixture);
        let seen = fixture.open(&back).await;
        assert_eq!(seen.status, 303, "{error}: {seen:?}");
        let Ok(authorize) = Url::parse(seen.location()) else {
            assert_eq!((seen.location(), goes_on), ("/page", false), "{error}");
            fixture.finish();
            continue;
        };
        assert!(goes_on, "{error}: {authorize}");
        // Whatever comes now, the visitor asked for nothing and sees the page.
        let back = refused(&authorize, &fixture);
        let seen = fixture.open(&back).await;
        assert_eq!((seen.status, seen.location()), (303, "/page"));
        assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 0);
        fixture.finish();
    }
}
