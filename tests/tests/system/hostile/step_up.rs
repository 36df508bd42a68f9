//! A sign-in that has to be recent (`max_age`; OpenID Connect Core, section 3.1.2.1, and RFC 9470).

use std::time::Duration;

use logto::web::{Context, Reply, Route, User};
use logto::{ErrorKind, SignInOptions};
use logto_tests::hostile::{
    Answer, Backend, Endpoint, Fixture, IdToken, NAVIGATION, NO, Seen, Then, YES, each, state_of,
};
use serde_json::json;
use url::Url;

const MAX_AGE: Duration = Duration::from_secs(300);
const SIGN_IN: &str = "/sign-in?return_to=%2Fpage&max_age=300";

fn parameter(authorize: &Url, wanted: &str) -> Option<String> {
    let mut pairs = authorize.query_pairs();
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

fn authenticated(seconds_ago: i64) -> impl Fn(&mut IdToken) + Send + Sync + 'static {
    move |token| {
        let now = token.claims["iat"].as_i64().unwrap();
        token.claim("auth_time", now - seconds_ago);
    }
}

/// The user on the page that needs a recent sign-in, or the answer that came instead.
async fn fresh(fixture: &mut Fixture) -> Result<User, Seen> {
    let page = fixture.page();
    let user = page.fresh_user(MAX_AGE).await;
    fixture.browser.keep(&page.take_cookies().await);
    user.map_err(Seen::new)
}

/// From the page to Logto and back: the answer to the callback.
async fn step_up(fixture: &mut Fixture) -> Seen {
    let sent = fresh(fixture).await.expect_err("the page asks for a recent sign-in");
    assert_eq!((sent.status, sent.location()), (303, SIGN_IN), "{sent:?}");
    let authorize = fixture.begin(sent.location()).await;
    fixture.open(&fixture.callback(&authorize)).await
}

#[tokio::test]
async fn the_callback_insists_on_it() {
    let rows: [(&str, fn(&mut IdToken), Then); 14] = [
        ("now", |t| authenticated(0)(t), YES),
        ("a while ago", |t| authenticated(299)(t), YES),
        ("as old as clocks may differ", |t| authenticated(355)(t), YES),
        ("older", |t| authenticated(361)(t), NO),
        ("as far ahead as clocks may differ", |t| authenticated(-55)(t), YES),
        ("in the future", |t| authenticated(-62)(t), NO),
        ("missing", |_| (), NO),
        ("null", |t| t.claim("auth_time", json!(null)), NO),
        ("text", |t| t.claim("auth_time", t.claims["iat"].to_string()), NO),
        ("a list", |t| t.claim("auth_time", json!([t.claims["iat"]])), NO),
        ("in milliseconds", |t| t.claim("auth_time", t.claims["iat"].as_i64().unwrap() * 1000), NO),
        ("zero", |t| t.claim("auth_time", 0), NO),
        ("negative", |t| t.claim("auth_time", -1), NO),
        ("enormous", |t| t.claim("auth_time", 1e300), NO),
    ];
    each(rows.map(|(name, bend, then)| (name, (bend, then))), async |(bend, then)| {
        for before in [None, Some("alice")] {
            let mut fixture = Fixture::new().await;
            if let Some(user) = before {
                fixture.sign_in_as(user).await;
            }
            fixture.provider.bend_token(bend);
            let seen = step_up(&mut fixture).await;
            if then == YES {
                assert_eq!((seen.status, seen.location()), (303, "/page"), "{seen:?}");
                assert!(fresh(&mut fixture).await.is_ok());
            } else {
                assert_eq!(seen.status, 400, "{seen:?}");
                assert!(seen.body.contains("max_age=300"), "{seen:?}");
                assert_eq!(fixture.user().await.as_deref(), before, "the session stays");
                // Nor does the same callback bring one later.
                assert!(fresh(&mut fixture).await.is_err());
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn max_age_comes_from_the_sealed_state() {
    let mut fixture = Fixture::new().await;
    fixture.provider.bend_token(authenticated(1000));
    let authorize = fixture.begin("/sign-in?max_age=300").await;
    assert_eq!(parameter(&authorize, "max_age").as_deref(), Some("300"));
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("consent"));
    let callback = format!("{}&max_age=999999", fixture.callback(&authorize));
    assert_eq!(fixture.open(&callback).await.status, 400);
    assert_eq!(fixture.user().await, None);
    // One that asks for more is not disturbed.
    let authorize = fixture.begin("/sign-in?max_age=999999").await;
    let callback = format!("{}&max_age=300", fixture.callback(&authorize));
    assert_eq!(fixture.open(&callback).await.status, 303);
    fixture.finish();
}

#[tokio::test]
async fn it_cannot_be_asked_for_unchecked() {
    let fixture = Fixture::new().await;
    let unchecked = SignInOptions::new().with_extra_param("max_age", "300");
    let error = fixture.page().sign_in(unchecked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("with_max_age"), "{error}");
    for query in [
        "max_age=",
        "max_age=abc",
        "max_age=-1",
        "max_age=3e2",
        "max_age=%2B3",
        "max_age=9007199254740992",
        "max_age=99999999999999999999",
        "max_age=1&max_age=2",
    ] {
        let page = fixture.browser.request("GET", &format!("/sign-in?{query}"), &NAVIGATION);
        let seen = Seen::new(fixture.logto.handle(Route::SignIn, page).await);
        assert_eq!(seen.status, 400, "{query}: {seen:?}");
    }
    fixture.finish();
}

/// Also where the sign-in is repeated because Logto does not know an API resource.
#[tokio::test]
async fn a_repeated_sign_in_insists_on_it_too() {
    let mut fixture =
        Fixture::with(|config| config.with_resources(["https://unknown.example"])).await;
    fixture.provider.bend_token(authenticated(1000));
    let authorize = fixture.begin("/sign-in?max_age=300").await;
    let refused = format!(
        "/callback?error=invalid_target&state={}&iss={}",
        state_of(&authorize),
        fixture.provider.issuer()
    );
    let again = fixture.open(&refused).await;
    let authorize = Url::parse(again.location()).unwrap();
    assert_eq!(parameter(&authorize, "max_age").as_deref(), Some("300"));
    assert_eq!(fixture.open(&fixture.callback(&authorize)).await.status, 400);
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}

#[tokio::test]
async fn a_session_without_a_time_is_not_recent_and_one_step_up_helps() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        fixture.sign_in_as("alice").await;
        fixture.provider.bend_token(authenticated(0));
        assert_eq!(step_up(&mut fixture).await.location(), "/page");
        let user = fresh(&mut fixture).await.expect("a recent sign-in");
        assert_eq!(user.sub(), "alice");
        assert_eq!(user.authenticated_at(), Some(fixture.clock.now()));
        assert!(user.is_fresh(MAX_AGE) && user.is_fresh(Duration::ZERO));
        // A recent sign-in is asked for again when it is none any more.
        fixture.clock.advance(MAX_AGE + Duration::from_secs(70));
        assert!(fresh(&mut fixture).await.is_ok());
        fixture.clock.advance(Duration::from_secs(2));
        assert!(fresh(&mut fixture).await.is_err());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn no_age_at_all_passes_once() {
    let mut fixture = Fixture::new().await;
    fixture.provider.bend_token(authenticated(0));
    let authorize = fixture.begin("/sign-in?max_age=0").await;
    assert_eq!(parameter(&authorize, "max_age").as_deref(), Some("0"));
    assert_eq!(fixture.open(&fixture.callback(&authorize)).await.status, 303);
    // Also if the way back takes a moment.
    fixture.clock.advance(Duration::from_secs(9));
    assert!(fixture.page().fresh_user(Duration::ZERO).await.is_ok());
    fixture.finish();
}

#[tokio::test]
async fn another_user_is_a_change_of_account() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config.with_after_sign_in("/start")).await;
        fixture.sign_in_as("alice").await;
        let alice = fixture.browser.clone();
        fixture.provider.bend_token(authenticated(0));
        fixture.provider.set_user("bob");
        let seen = step_up(&mut fixture).await;
        assert_eq!(
            (seen.status, seen.location()),
            (303, "/start"),
            "what alice had begun is not bob's"
        );
        assert_eq!(fixture.user().await.as_deref(), Some("bob"));
        // And alice's session is over in this browser.
        fixture.browser = alice;
        assert_eq!(fixture.user().await, None);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn cancelling_keeps_the_session_and_does_not_ask_again() {
    for bare in [false, true] {
        let mut fixture = Fixture::signed_in().await;
        let sent = fresh(&mut fixture).await.unwrap_err();
        let authorize = fixture.begin(sent.location()).await;
        let callback = match bare {
            true => "/callback".to_owned(),
            false => format!(
                "/callback?error=access_denied&state={}&iss={}",
                state_of(&authorize),
                fixture.provider.issuer()
            ),
        };
        // Never to the page, which would ask again.
        let seen = fixture.open(&callback).await;
        if bare {
            assert_eq!((seen.status, seen.location()), (303, "/"), "{seen:?}");
        } else {
            assert_eq!(seen.status, 400, "{seen:?}");
            assert!(seen.body.contains("You are still signed in"), "{seen:?}");
            assert!(seen.body.contains(&SIGN_IN.replace('&', "&amp;")), "{seen:?}");
        }
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    }
}

/// Logto keeps the first time (OpenID Connect Core, section 12.2); other providers may not.
#[tokio::test]
async fn a_refresh_neither_renews_nor_erases_it() {
    let rows: [(&str, fn(&mut IdToken)); 4] = [
        ("left out", |t| t.remove("auth_time")),
        ("renewed", |t| authenticated(0)(t)),
        ("made older", |t| authenticated(9999)(t)),
        ("no time", |t| t.claim("auth_time", "now")),
    ];
    each(rows, async |bend| {
        for (name, backend) in Backend::ALL {
            for asked in [true, false] {
                let mut fixture = Fixture::at(backend, |config| config).await;
                fixture.provider.set_user("alice");
                let begun = fixture.clock.now();
                if asked {
                    fixture.provider.bend_token(authenticated(0));
                    step_up(&mut fixture).await;
                } else {
                    fixture.sign_in().await;
                }
                let signed_in = begun..=fixture.clock.now();
                fixture.clock.advance(Duration::from_secs(3601));
                fixture.provider.bend_token(bend);
                fixture.access_token().await.expect("a new token");
                assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 2);
                let user = fixture.page().user().await.unwrap();
                let at = user.authenticated_at();
                assert_eq!(at.is_some(), asked, "{name}");
                assert!(at.is_none_or(|at| signed_in.contains(&at)), "{name}: {at:?}");
                assert!(!user.is_fresh(MAX_AGE));
                fixture.finish();
            }
        }
    })
    .await;
}

/// A tab that was asked for something before and is answered late.
#[tokio::test]
async fn a_slower_tab_does_not_bring_the_older_session_back() {
    each(Backend::ALL, async |backend| {
        let mut fixture =
            Fixture::at(backend, |config| config.with_idle_lifetime(Duration::from_secs(86400)))
                .await;
        fixture.sign_in_as("alice").await;
        fixture.clock.advance(Duration::from_secs(3601));
        let slow = fixture.page();
        let user = slow.user().await.unwrap();
        user.access_token(logto::TokenRequest::opaque()).await.unwrap();
        fixture.provider.bend_token(authenticated(0));
        step_up(&mut fixture).await;
        let late = slow.take_cookies().await;
        assert!(late.is_empty(), "{late:?}");
        fixture.browser.keep(&late);
        assert!(fresh(&mut fixture).await.is_ok());
        fixture.finish();
    })
    .await;
}

/// A step-up is a whole sign-in: the session begins anew, and the one before it has ended.
#[tokio::test]
async fn it_begins_a_session_of_its_own() {
    let day = Duration::from_secs(24 * 3600);
    let mut fixture = Fixture::with(|config| config.with_session_lifetime(day)).await;
    fixture.sign_in_as("alice").await;
    let before = fixture.browser.clone();
    fixture.clock.advance(day / 2);
    fixture.provider.bend_token(authenticated(0));
    step_up(&mut fixture).await;
    fixture.clock.advance(day / 2 + Duration::from_secs(5));
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.browser = before;
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}

/// A provider that never asks the user again.
#[tokio::test]
async fn loops_end() {
    let mut fixture = Fixture::signed_in().await;
    fixture.provider.bend_token(authenticated(1000));
    for _ in 0..3 {
        let seen = step_up(&mut fixture).await;
        assert_eq!(seen.status, 400, "a page, no redirect: {seen:?}");
    }
    // A callback that is no good is none either.
    let authorize = fixture.begin(SIGN_IN).await;
    let nowhere =
        format!("/callback?state={}&iss={}", state_of(&authorize), fixture.provider.issuer());
    let seen = fixture.open(&nowhere).await;
    assert_eq!(seen.status, 400, "{seen:?}");
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.finish();
}

#[tokio::test]
async fn an_outage_is_no_sign_out() {
    let mut fixture = Fixture::signed_in().await;
    let sent = fresh(&mut fixture).await.unwrap_err();
    let authorize = fixture.begin(sent.location()).await;
    let callback = fixture.callback(&authorize);
    fixture.provider.bend(Endpoint::Token, |_, _| Answer::error(503, "unavailable"));
    assert_eq!(fixture.open(&callback).await.status, 503);
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.provider.clear_faults();
    fixture.provider.bend_token(authenticated(0));
    // The answer was lost, and the code with it.
    let callback = fixture.callback(&authorize);
    assert_eq!(fixture.open(&callback).await.location(), "/page");
    assert!(fresh(&mut fixture).await.is_ok());
    fixture.finish();
}

/// The body of a form would be lost on the way; what a script is told is up to it.
#[tokio::test]
async fn what_cannot_be_redirected_is_told_why() {
    let fixture = Fixture::signed_in().await;
    let ask = async |method: &str, headers: &[(&str, &str)]| {
        // Of the page with the form: its own address may take posts only.
        let headers = [headers, &[("referer", "http://localhost:3000/page")]].concat();
        let context: Context =
            fixture.logto.context(fixture.browser.request(method, "/save", &headers));
        let refused: Reply = context.fresh_user(MAX_AGE).await.unwrap_err();
        Seen::new(refused)
    };
    let form = ask("POST", &NAVIGATION).await;
    assert_eq!((form.status, form.location()), (401, ""));
    assert!(form.body.contains("Please sign in again"), "{form:?}");
    assert!(form.body.contains(&SIGN_IN.replace('&', "&amp;")), "{form:?}");
    let script = ask("POST", &[]).await;
    let body: serde_json::Value = serde_json::from_str(&script.body).unwrap();
    assert_eq!(body["error"], "insufficient_user_authentication");
    assert_eq!((&body["max_age"], &body["sign_in_url"]), (&json!(300), &json!(SIGN_IN)));
    for seen in [form, script] {
        assert_eq!(
            seen.header("www-authenticate"),
            Some(
                "Bearer realm=\"http://localhost:3000\", error=\"insufficient_user_authentication\", \
                 error_description=\"This needs a more recent sign-in.\", max_age=\"300\""
            )
        );
    }
    fixture.finish();
}

#[tokio::test]
async fn a_prompt_without_pages_gives_way() {
    let mut fixture =
        Fixture::with(|config| config.with_prompt(logto::Prompt::None).without_offline_access())
            .await;
    let authorize = fixture.begin("/sign-in?max_age=300").await;
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("login"));
    let authorize = fixture.begin("/sign-in").await;
    assert_eq!(parameter(&authorize, "prompt").as_deref(), Some("none"));
    fixture.finish();
}
