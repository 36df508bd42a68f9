//! A sign-in that is meant for one user: a magic link, an invitation, "continue as …".

use logto::{ErrorKind, FirstScreen, LogtoConfig, Prompt, SignInOptions};
use logto_tests::hostile::{
    Backend, Endpoint, IdToken, NO, Seen, Then, World, YES, each, state_of,
};
use url::Url;

const EMAIL: &str = "dave@example.test";

fn with_email(config: LogtoConfig) -> LogtoConfig {
    config.with_scopes(["email"])
}

fn for_dave() -> SignInOptions {
    SignInOptions::new().with_expected_email(EMAIL).with_post_redirect_uri("/page")
}

fn parameter(authorize: &Url, wanted: &str) -> Option<String> {
    let mut pairs = authorize.query_pairs();
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

/// The authorization request of a sign-in.
async fn begin(world: &mut World, options: SignInOptions) -> Url {
    let reply = world.page().sign_in(options).await.expect("a sign-in");
    Url::parse(world.receive(reply).location()).unwrap()
}

async fn come_back(world: &mut World, authorize: &Url) -> Seen {
    let callback = world.callback(authorize);
    world.open(&callback).await
}

#[tokio::test]
async fn the_callback_sees_who_came() {
    let rows: [(&str, SignInOptions, fn(&mut IdToken), Then); 7] = [
        ("the address", for_dave(), |t| is(t, EMAIL, true), YES),
        ("in other letters", for_dave(), |t| is(t, "Dave@Example.test", true), YES),
        ("not verified", for_dave(), |t| is(t, EMAIL, false), NO),
        ("another address", for_dave(), |t| is(t, "erin@example.test", true), NO),
        ("no address", for_dave(), |_| (), NO),
        ("the id", SignInOptions::new().with_expected_user("alice"), |_| (), YES),
        ("another id", SignInOptions::new().with_expected_user("Alice"), |_| (), NO),
    ];
    each(rows.map(|(name, options, bend, then)| (name, (options, bend, then))), async |row| {
        let (options, bend, then) = row;
        for (_, backend) in Backend::ALL {
            let mut world = World::at(backend, with_email).await;
            world.sign_in_as("bob").await;
            world.provider.set_user("alice");
            world.provider.bend_token(bend);
            let authorize = begin(&mut world, options.clone()).await;
            assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("login consent"));
            let seen = come_back(&mut world, &authorize).await;
            if then == YES {
                assert_eq!(seen.status, 303, "{seen:?}");
                assert_eq!(world.user().await.as_deref(), Some("alice"));
            } else {
                assert_eq!(seen.status, 403, "{seen:?}");
                assert!(seen.body.contains("This is for another account"), "{seen:?}");
                assert!(
                    seen.body.contains("max_age=0"),
                    "Logto would bring the same one: {seen:?}"
                );
                assert_eq!(world.user().await.as_deref(), Some("bob"), "the session stays");
                // Nor does the same callback bring one later.
                come_back(&mut world, &authorize).await;
                assert_eq!(world.user().await.as_deref(), Some("bob"));
            }
            world.logto.drain(std::time::Duration::from_secs(5)).await;
            let revoked = world.provider.calls(Endpoint::Revocation).len();
            assert_eq!(revoked, usize::from(then == NO), "what was issued for no session");
            world.finish();
        }
    })
    .await;
}

fn is(token: &mut IdToken, email: &str, verified: bool) {
    token.claim("email", email);
    token.claim("email_verified", verified);
}

#[tokio::test]
async fn a_magic_link_asks_for_its_page_and_its_user() {
    let mut world = World::with(with_email).await;
    let link = SignInOptions::new().with_one_time_token(EMAIL, "the token");
    let authorize = begin(&mut world, link).await;
    for (name, value) in
        [("one_time_token", "the token"), ("login_hint", EMAIL), ("prompt", "login consent")]
    {
        assert_eq!(parameter(&authorize, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(parameter(&authorize, "id_token_hint"), None, "that is for us alone");
    assert_eq!(come_back(&mut world, &authorize).await.status, 403);
    world.finish();
}

/// The right user may come through without a page; the check stays.
#[tokio::test]
async fn a_prompt_that_is_asked_for_is_kept() {
    let mut world = World::with(with_email).await;
    let authorize = begin(&mut world, for_dave().with_prompt(Prompt::Consent)).await;
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("consent"));
    assert_eq!(come_back(&mut world, &authorize).await.status, 403);
    world.finish();
}

/// Where the sign-in is repeated because Logto does not know an API resource.
#[tokio::test]
async fn a_repeated_sign_in_is_meant_for_the_same_user() {
    let mut world =
        World::with(|config| with_email(config).with_resources(["https://unknown.example"])).await;
    let authorize = begin(&mut world, for_dave()).await;
    let refused = format!(
        "/callback?error=invalid_target&state={}&iss={}",
        state_of(&authorize),
        world.provider.issuer()
    );
    let again = world.open(&refused).await;
    let authorize = Url::parse(again.location()).unwrap();
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("login consent"));
    assert_eq!(parameter(&authorize, "login_hint").as_deref(), Some(EMAIL));
    assert_eq!(come_back(&mut world, &authorize).await.status, 403);
    assert_eq!(world.user().await, None);
    world.finish();
}

/// What one user had begun is for another here: they are the one who is meant.
#[tokio::test]
async fn the_one_who_is_meant_goes_on_to_the_page() {
    let mut world = World::new().await;
    world.sign_in_as("alice").await;
    world.provider.set_user("bob");
    world.provider.bend_token(|token| token.claim("auth_time", token.claims["iat"].clone()));
    let options = SignInOptions::new()
        .with_expected_user("bob")
        .with_max_age(std::time::Duration::ZERO)
        .with_post_redirect_uri("/page");
    let authorize = begin(&mut world, options).await;
    assert_eq!(come_back(&mut world, &authorize).await.location(), "/page");
    assert_eq!(world.user().await.as_deref(), Some("bob"));
    world.finish();
}

#[tokio::test]
async fn an_address_cannot_be_compared_without_its_scope() {
    let world = World::new().await;
    let error = world.page().sign_in(for_dave()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    assert!(error.to_string().contains("the scope email"), "{error}");
    world.finish();
}

/// To a user who is signed in there, Logto shows no page.
#[tokio::test]
async fn options_that_need_a_page_are_logged_where_there_may_be_none() {
    const LINE: &str = r#"parameters=["first_screen"]"#;
    for (prompt, is_logged) in [(Prompt::Consent, true), (Prompt::LoginConsent, false)] {
        let mut world = World::new().await;
        let options = SignInOptions::new().with_first_screen(FirstScreen::Register);
        begin(&mut world, options.with_prompt(prompt)).await;
        assert_eq!(world.log().contains(LINE), is_logged, "{prompt:?}: {}", world.log());
    }
}
