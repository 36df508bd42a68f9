//! Sign-in without a page, for visitors who are signed in at Logto.

use logto::web::Route;
use logto::{ErrorKind, Prompt, SignInOptions, TokenRequest};
use logto_local::Stop;
use logto_tests::hostile::{
    BASE_URL, Backend, Browser, Endpoint, LocalWorld, NAVIGATION, Seen, World, state_of,
};
use url::Url;

async fn at_tenant() -> LocalWorld {
    LocalWorld::at(Backend::Cookies, |config| config).await
}

/// The redirect of a page that tries it.
async fn try_it(world: &mut LocalWorld) -> Option<String> {
    let reply = world.page().sign_in_silently(SignInOptions::new()).await.unwrap();
    let seen = Seen::new(reply?);
    world.browser.keep(&seen.cookies);
    assert_eq!(seen.status, 303, "{seen:?}");
    Some(seen.location().to_owned())
}

async fn come_back(world: &mut LocalWorld, stop: Stop) -> String {
    let Stop::App(callback) = stop else { panic!("a page was shown: {stop:?}") };
    let target = callback.strip_prefix(BASE_URL).unwrap();
    let request = world.browser.request("GET", target, &NAVIGATION);
    let seen = Seen::new(world.logto.handle(Route::Callback, request).await);
    world.browser.keep(&seen.cookies);
    assert_eq!(seen.status, 303, "{seen:?}");
    seen.location().to_owned()
}

#[tokio::test]
async fn a_visitor_whom_logto_does_not_know_sees_the_page_and_is_not_asked_again() {
    let mut world = at_tenant().await;
    let mut browser = world.tenant.browser();
    let address = try_it(&mut world).await.unwrap();
    assert!(address.contains("prompt=none"), "{address}");
    assert!(!address.contains("offline_access"), "{address}");
    let stop = browser.open(&address).await.unwrap();
    assert_eq!(come_back(&mut world, stop).await, "/page");
    assert!(!world.page().is_authenticated().await.unwrap());
    assert_eq!(try_it(&mut world).await, None);
}

#[tokio::test]
async fn a_visitor_whom_logto_knows_is_signed_in_without_a_page() {
    let mut world = at_tenant().await;
    let mut browser = world.tenant.browser();
    let there = Seen::new(world.page().sign_in(SignInOptions::new()).await.unwrap());
    world.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "alice").await.unwrap();
    come_back(&mut world, Stop::App(callback)).await;
    assert_eq!(try_it(&mut world).await, None, "she is signed in");

    // Another app, or the same one in an hour.
    world.browser = Browser::default();
    let address = try_it(&mut world).await.unwrap();
    let stop = browser.open(&address).await.unwrap();
    let ordinary = come_back(&mut world, stop).await;
    assert!(ordinary.contains("prompt=consent"), "{ordinary}");
    let stop = browser.open(&ordinary).await.unwrap();
    assert_eq!(come_back(&mut world, stop).await, "/page");
    assert!(world.page().is_authenticated().await.unwrap());
    // With a refresh token.
    assert!(world.token(TokenRequest::opaque().refreshed()).await.is_ok());
}

#[tokio::test]
async fn without_offline_access_one_redirect_is_enough() {
    let mut world =
        LocalWorld::at(Backend::Cookies, |config| config.without_offline_access()).await;
    let mut browser = world.tenant.browser();
    let there = Seen::new(world.page().sign_in(SignInOptions::new()).await.unwrap());
    world.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "alice").await.unwrap();
    come_back(&mut world, Stop::App(callback)).await;
    world.browser = Browser::default();
    let address = try_it(&mut world).await.unwrap();
    let stop = browser.open(&address).await.unwrap();
    assert_eq!(come_back(&mut world, stop).await, "/page");
    assert!(world.page().is_authenticated().await.unwrap());
}

#[tokio::test]
async fn only_a_user_who_opens_a_page_is_sent_away() {
    let world = at_tenant().await;
    for (method, headers) in [
        ("POST", &NAVIGATION[..]),
        ("HEAD", &NAVIGATION[..]),
        ("GET", &[("accept", "application/json")][..]),
        ("GET", &[("accept", "text/html"), ("hx-request", "true")][..]),
        ("GET", &[("accept", "text/html"), ("sec-purpose", "prefetch")][..]),
    ] {
        let page = world.logto.context(world.browser.request(method, "/page", headers));
        let reply = page.sign_in_silently(SignInOptions::new()).await.unwrap();
        assert!(reply.is_none(), "{method} {headers:?}");
    }
    for options in [
        SignInOptions::new().with_prompt(Prompt::Login),
        SignInOptions::new().with_max_age(std::time::Duration::ZERO),
        SignInOptions::new().with_expected_user("alice"),
    ] {
        let error = world.page().sign_in_silently(options).await.unwrap_err();
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
        let mut world = World::new().await;
        let reply = world.page().sign_in_silently(SignInOptions::new()).await.unwrap();
        let seen = world.receive(reply.unwrap());
        let refused = |authorize: &Url, world: &World| {
            let (state, issuer) = (state_of(authorize), world.provider.issuer());
            format!("/callback?error={error}&state={state}&iss={issuer}")
        };
        let authorize = Url::parse(seen.location()).unwrap();
        let back = refused(&authorize, &world);
        let seen = world.open(&back).await;
        assert_eq!(seen.status, 303, "{error}: {seen:?}");
        let Ok(authorize) = Url::parse(seen.location()) else {
            assert_eq!((seen.location(), goes_on), ("/page", false), "{error}");
            world.finish();
            continue;
        };
        assert!(goes_on, "{error}: {authorize}");
        // Whatever comes now, the visitor asked for nothing and sees the page.
        let back = refused(&authorize, &world);
        let seen = world.open(&back).await;
        assert_eq!((seen.status, seen.location()), (303, "/page"));
        assert_eq!(world.provider.calls(Endpoint::Token).len(), 0);
        world.finish();
    }
}
