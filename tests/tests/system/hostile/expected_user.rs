//! A sign-in that is meant for one user: a magic link, an invitation, "continue as …".

use logto::{ErrorKind, FirstScreen, LogtoConfig, Prompt, SignInOptions};
use logto_tests::hostile::{
    Backend, Endpoint, Fixture, IdToken, NO, Seen, Then, YES, each, state_of,
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
async fn begin(fixture: &mut Fixture, options: SignInOptions) -> Url {
    let reply = fixture.page().sign_in(options).await.expect("a sign-in");
    Url::parse(fixture.receive(reply).location()).unwrap()
}

async fn come_back(fixture: &mut Fixture, authorize: &Url) -> Seen {
    let callback = fixture.callback(authorize);
    fixture.open(&callback).await
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
            let mut fixture = Fixture::at(backend, with_email).await;
            fixture.sign_in_as("bob").await;
            fixture.provider.set_user("alice");
            fixture.provider.bend_token(bend);
            let authorize = begin(&mut fixture, options.clone()).await;
            assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("login consent"));
            let seen = come_back(&mut fixture, &authorize).await;
            if then == YES {
                assert_eq!(seen.status, 303, "{seen:?}");
                assert_eq!(fixture.user().await.as_deref(), Some("alice"));
            } else {
                assert_eq!(seen.status, 403, "{seen:?}");
                assert!(seen.body.contains("This is for another account"), "{seen:?}");
                assert!(
                    seen.body.contains("max_age=0"),
                    "Logto would bring the same one: {seen:?}"
                );
                assert_eq!(fixture.user().await.as_deref(), Some("bob"), "the session stays");
                // Nor does the same callback bring one later.
                come_back(&mut fixture, &authorize).await;
                assert_eq!(fixture.user().await.as_deref(), Some("bob"));
            }
            fixture.logto.drain(std::time::Duration::from_secs(5)).await;
            let revoked = fixture.provider.calls(Endpoint::Revocation).len();
            assert_eq!(revoked, usize::from(then == NO), "what was issued for no session");
            fixture.finish();
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
    let mut fixture = Fixture::with(with_email).await;
    let link = SignInOptions::new().with_one_time_token(EMAIL, "the token");
    let authorize = begin(&mut fixture, link).await;
    for (name, value) in
        [("one_time_token", "the token"), ("login_hint", EMAIL), ("prompt", "login consent")]
    {
        assert_eq!(parameter(&authorize, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(parameter(&authorize, "id_token_hint"), None, "that is for us alone");
    assert_eq!(come_back(&mut fixture, &authorize).await.status, 403);
    fixture.finish();
}

/// The right user may come through without a page; the check stays.
#[tokio::test]
async fn a_prompt_that_is_asked_for_is_kept() {
    let mut fixture = Fixture::with(with_email).await;
    let authorize = begin(&mut fixture, for_dave().with_prompt(Prompt::Consent)).await;
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("consent"));
    assert_eq!(come_back(&mut fixture, &authorize).await.status, 403);
    fixture.finish();
}

/// Where the sign-in is repeated because Logto does not know an API resource.
#[tokio::test]
async fn a_repeated_sign_in_is_meant_for_the_same_user() {
    let mut fixture =
        Fixture::with(|config| with_email(config).with_resources(["https://unknown.example"]))
            .await;
    let authorize = begin(&mut fixture, for_dave()).await;
    let refused = format!(
        "/callback?error=invalid_target&state={}&iss={}",
        state_of(&authorize),
        fixture.provider.issuer()
    );
    let again = fixture.open(&refused).await;
    let authorize = Url::parse(again.location()).unwrap();
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("login consent"));
    assert_eq!(parameter(&authorize, "login_hint").as_deref(), Some(EMAIL));
    assert_eq!(come_back(&mut fixture, &authorize).await.status, 403);
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}

/// What one user had begun is for another here: they are the one who is meant.
#[tokio::test]
async fn the_one_who_is_meant_goes_on_to_the_page() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("alice").await;
    fixture.provider.set_user("bob");
    fixture.provider.bend_token(|token| token.claim("auth_time", token.claims["iat"].clone()));
    let options = SignInOptions::new()
        .with_expected_user("bob")
        .with_max_age(std::time::Duration::ZERO)
        .with_post_redirect_uri("/page");
    let authorize = begin(&mut fixture, options).await;
    assert_eq!(come_back(&mut fixture, &authorize).await.location(), "/page");
    assert_eq!(fixture.user().await.as_deref(), Some("bob"));
    fixture.finish();
}

#[tokio::test]
async fn an_address_cannot_be_compared_without_its_scope() {
    let fixture = Fixture::new().await;
    let error = fixture.page().sign_in(for_dave()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    assert!(error.to_string().contains("the scope email"), "{error}");
    fixture.finish();
}

/// To a user who is signed in there, Logto shows no page.
#[tokio::test]
async fn options_that_need_a_page_are_logged_where_there_may_be_none() {
    const LINE: &str = r#"parameters=["first_screen"]"#;
    for (prompt, is_logged) in [(Prompt::Consent, true), (Prompt::LoginConsent, false)] {
        let mut fixture = Fixture::new().await;
        let options = SignInOptions::new().with_first_screen(FirstScreen::Register);
        begin(&mut fixture, options.with_prompt(prompt)).await;
        assert_eq!(fixture.log().contains(LINE), is_logged, "{prompt:?}: {}", fixture.log());
    }
}
