//! Callbacks that come twice, late, in another browser, or among cookies that are not ours.

use std::time::Duration;

use logto::Logto;
use logto::web::Route;
use logto_tests::eventually;
use logto_tests::hostile::{
    Answer, Backend, Endpoint, Fixture, Gate, LATER, NAVIGATION, NO, YES, check, each, encode,
    refused, state_of,
};
use url::Url;

#[tokio::test]
async fn a_callback_works_once() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let before = fixture.browser.clone();
    let seen = fixture.open(&callback).await;
    check(&fixture, &seen, YES, None).await;
    // Again, signed in; again with the cookies of before, as if the answer had been lost.
    let seen = fixture.open(&callback).await;
    refused(&fixture, &seen, Some("alice")).await;
    fixture.browser = before.clone();
    let seen = fixture.open(&callback).await;
    check(&fixture, &seen, YES, None).await;
    // Nothing is kept for ever.
    fixture.clock.advance(Duration::from_secs(180));
    fixture.browser = before;
    let seen = fixture.open(&callback).await;
    refused(&fixture, &seen, None).await;
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1, "the code went out once");
    assert!(!fixture.log().contains("a sign-in was lost"), "no other instance is waited for");
    fixture.finish();
}

#[tokio::test]
async fn callbacks_at_the_same_time_send_one_code() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let load = || {
        let request = fixture.browser.request("GET", &callback, &NAVIGATION);
        fixture.logto.handle(Route::Callback, request)
    };
    let (one, two, three) = tokio::join!(load(), load(), load());
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1);
    for reply in [one, two, three] {
        let seen = fixture.receive(reply);
        check(&fixture, &seen, YES, None).await;
    }
    fixture.finish();
}

/// "Back" after a sign-out.
#[tokio::test]
async fn a_repeated_callback_does_not_lead_into_a_session_that_has_ended() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        let callback = fixture.callback(&authorize);
        let before = fixture.browser.clone();
        let seen = fixture.open(&callback).await;
        check(&fixture, &seen, YES, None).await;
        fixture.send("POST", "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
        fixture.browser = before;
        let seen = fixture.open(&callback).await;
        refused(&fixture, &seen, None).await;
        fixture.finish();
    })
    .await;
}

/// A balancer sends the second click to another instance.
#[tokio::test]
async fn a_callback_that_another_instance_works_on_has_its_outcome() {
    each(Backend::SHARED, async |backend| {
        for (refusal, then) in [(None, YES), (Some(Answer::error(400, "invalid_grant")), NO)] {
            let mut fixture = Fixture::at(backend, |config| config).await;
            let authorize = fixture.begin("/sign-in?return_to=/home").await;
            let callback = fixture.callback(&authorize);
            let gate = Gate::default();
            let held = gate.clone();
            fixture.provider.bend(Endpoint::Token, move |answer, _| {
                refusal.clone().unwrap_or(answer).held(&held)
            });
            let load = |instance: Logto| {
                let request = fixture.browser.request("GET", &callback, &NAVIGATION);
                tokio::spawn(async move { instance.handle(Route::Callback, request).await })
            };
            let first = load(fixture.logto.clone());
            fixture.provider.has_been_called(Endpoint::Token, 1).await;
            let reads = fixture.store.reads();
            let second = load(fixture.instance());
            eventually("the other instance to look", async || {
                (fixture.store.reads() > reads + 1).then_some(())
            })
            .await;
            gate.open();
            for reply in [first, second] {
                let seen = fixture.receive(reply.await.unwrap());
                check(&fixture, &seen, then, None).await;
            }
            assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1);
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_callback_that_met_an_outage_works_on_another_instance() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        let callback = fixture.callback(&authorize);
        fixture.provider.bend(Endpoint::Jwks, |_, _| Answer::text(503, ""));
        let seen = fixture.open(&callback).await;
        check(&fixture, &seen, LATER, None).await;
        fixture.provider.clear_faults();
        fixture.logto = fixture.instance();
        let seen = fixture.open(&callback).await;
        check(&fixture, &seen, YES, None).await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_goes_away_in_the_callback_loses_nothing() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let gate = fixture.provider.hold(Endpoint::Token);
    let request = fixture.browser.request("GET", &callback, &NAVIGATION);
    let logto = fixture.logto.clone();
    let asking = tokio::spawn(async move { logto.handle(Route::Callback, request).await });
    fixture.provider.has_been_called(Endpoint::Token, 1).await;
    asking.abort();
    assert!(asking.await.is_err(), "the request was dropped");
    gate.open();
    let seen = fixture.open(&callback).await;
    check(&fixture, &seen, YES, None).await;
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1, "the code went out once");
    fixture.finish();
}

#[tokio::test]
async fn a_callback_that_is_loaded_after_the_sign_out_makes_no_session() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let before = fixture.browser.clone();
    let seen = fixture.open(&callback).await;
    check(&fixture, &seen, YES, None).await;
    let form = [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];
    assert_eq!(fixture.send("POST", "/sign-out", &form).await.status, 303);
    fixture.browser = before;
    fixture.open(&callback).await;
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}

#[tokio::test]
async fn a_sign_in_belongs_to_its_browser() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in").await;
    let callback = fixture.callback(&authorize);
    let alice = std::mem::take(&mut fixture.browser);
    // Someone else's browser, without and with a sign-in of its own.
    let seen = fixture.open(&callback).await;
    refused(&fixture, &seen, None).await;
    fixture.begin("/sign-in").await;
    let seen = fixture.open(&callback).await;
    // By chance the two cookies have one name; then it may begin again, as itself.
    let begins_again = seen.status == 303 && seen.location().contains("/oidc/auth?");
    assert!(begins_again || seen.status == 400, "{seen:?}");
    assert_eq!(fixture.user().await, None);
    assert!(fixture.provider.calls(Endpoint::Token).is_empty());
    fixture.browser = alice;
    let seen = fixture.open(&callback).await;
    assert_eq!((seen.status, seen.location()), (303, "/"));
    fixture.finish();
}

#[tokio::test]
async fn any_tab_may_come_back_first() {
    let mut fixture = Fixture::new().await;
    let mut begun = Vec::new();
    for n in 0..5 {
        begun.push(fixture.begin(&format!("/sign-in?return_to=/tab/{n}")).await);
    }
    for n in [3, 0, 4, 1, 2] {
        let seen = fixture.open(&fixture.callback(&begun[n])).await;
        assert_eq!((seen.status, seen.location()), (303, format!("/tab/{n}").as_str()));
    }
    assert_eq!(fixture.browser.lasting_cookies().len(), 1, "the session alone is left");
    fixture.finish();
}

/// Tabs that are restored together begin to sign in before any of them has a cookie.
#[tokio::test]
async fn thirty_tabs_at_once_all_come_back() {
    let mut fixture = Fixture::new().await;
    let page = |tab| format!("/tab/{tab}?{}", "a".repeat(300));
    let mut answers = Vec::new();
    for tab in 0..30 {
        let target = format!("/sign-in?return_to={}", page(tab));
        let request = fixture.browser.request("GET", &target, &NAVIGATION);
        answers.push(fixture.logto.handle(Route::SignIn, request).await);
    }
    let mut begun = Vec::new();
    for answer in answers {
        begun.push(Url::parse(fixture.receive(answer).location()).unwrap());
    }
    let cookies = fixture.browser.cookies().iter();
    let bytes: usize = cookies.map(|(name, value)| name.len() + value.len() + 3).sum();
    assert!(bytes < 4096, "{bytes} bytes of cookies");
    // No one is signed in when the first of them come back.
    let mut again = Vec::new();
    for (tab, authorize) in begun.iter().enumerate() {
        let before = fixture.browser.clone();
        let seen = fixture.open(&fixture.callback(authorize)).await;
        assert_eq!(seen.status, 303, "{seen:?}");
        if seen.location().contains("/oidc/auth?") {
            again.push((tab, Url::parse(seen.location()).unwrap()));
        } else {
            assert_eq!(seen.location(), page(tab));
            fixture.browser = before;
        }
    }
    assert!(again.len() >= 30 - 16, "{} tabs began again", again.len());
    for (tab, authorize) in again {
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        assert_eq!((seen.status, seen.location()), (303, page(tab).as_str()));
    }
    assert!(fixture.user().await.is_some());
    fixture.finish();
}

#[tokio::test]
async fn a_tab_that_lost_its_cookie_goes_to_its_page_once_signed_in() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    std::mem::take(&mut fixture.browser);
    fixture.sign_in_as("alice").await;
    let seen = fixture.open(&fixture.callback(&authorize)).await;
    assert_eq!((seen.status, seen.location()), (303, "/home"));
    fixture.finish();
}

#[tokio::test]
async fn a_sign_in_has_its_time() {
    for (seconds, then) in [(890, YES), (901, NO)] {
        let mut fixture = Fixture::new().await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        fixture.clock.advance(Duration::from_secs(seconds));
        // The browser has not counted the seconds.
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        check(&fixture, &seen, then, None).await;
        fixture.finish();
    }
}

const SESSION: &str = "logto_8s6wye3gb7dq9a4n54lsn";
const FOREIGN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test]
async fn cookies_that_are_not_ours_do_no_harm() {
    type Plant = fn(&mut Fixture);
    let rows: [(&str, Plant); 10] = [
        ("Logto's own", |w| w.browser.plant("_interaction", "{\"a\":\"b=c\",\"d\":\"e,f\"}")),
        ("no name", |w| w.browser.plant("", "x")),
        ("a session of garbage", |w| w.browser.plant(SESSION, "1AAAA")),
        ("a session of nine chunks", |w| w.browser.plant(SESSION, "9AAAA")),
        ("a session without a count", |w| w.browser.plant(SESSION, "é")),
        ("a chunk alone", |w| w.browser.plant(&format!("{SESSION}.1"), "AAAA")),
        ("a huge one", |w| w.browser.plant("x", &"y".repeat(100_000))),
        ("twenty sign-ins of garbage", |w| {
            let (own, _) = w.browser.cookies()[0].clone();
            let prefix = &own[..own.len() - 1];
            for slot in "0123456789abcdefghij".chars().filter(|slot| !own.ends_with(*slot)) {
                w.browser.plant(&format!("{prefix}{slot}"), "AAAA");
            }
        }),
        ("a sign-in under another name", |w| {
            let (own, value) = w.browser.cookies()[0].clone();
            let (prefix, slot) = own.split_at(own.len() - 1);
            let other = if slot == "0" { "1" } else { "0" };
            w.browser.plant(&format!("{prefix}{other}"), &value);
        }),
        ("control characters", |w| w.browser.plant("a\u{1}", "\u{2}\u{7f}")),
    ];
    each(rows, async |plant: Plant| {
        let mut fixture = Fixture::new().await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        plant(&mut fixture);
        assert_eq!(fixture.user().await, None);
        let honest = fixture.callback(&authorize);
        let seen = fixture.open(&honest.replace(&state_of(&authorize), FOREIGN)).await;
        refused(&fixture, &seen, None).await;
        let seen = fixture.open(&honest).await;
        check(&fixture, &seen, YES, None).await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_damaged_sign_in_cookie_is_no_sign_in() {
    let rows: [(&str, fn(&str) -> String); 6] = [
        ("empty", |_| String::new()),
        ("cut", |value| value[..value.len() - 5].to_owned()),
        ("longer", |value| format!("{value}AAAA")),
        ("altered", |value| {
            let first = if value.starts_with('A') { "B" } else { "A" };
            format!("{first}{}", &value[1..])
        }),
        ("garbage", |_| encode([7; 60])),
        ("quoted", |value| format!("\"{value}\"")),
    ];
    each(rows, async |damage| {
        let mut fixture = Fixture::new().await;
        let authorize = fixture.begin("/sign-in").await;
        let (name, value) = fixture.browser.cookies()[0].clone();
        fixture.browser.plant(&name, &damage(&value));
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        refused(&fixture, &seen, None).await;
        assert!(fixture.provider.calls(Endpoint::Token).is_empty());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn callbacks_of_another_browser_change_nothing() {
    // A page of someone else can send a browser to the callback; what it brings is not ours.
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("alice").await;
    fixture.provider.bend(Endpoint::Token, |_, _| Answer::error(400, "invalid_grant"));
    let headers =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")];
    for query in ["code=mallorys", &format!("code=a&state={FOREIGN}&iss=x"), "error=x", ""] {
        let seen = fixture.send("GET", &format!("/callback?{query}"), &headers).await;
        refused(&fixture, &seen, Some("alice")).await;
        assert!(seen.cookies.is_empty(), "{seen:?}");
    }
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 1, "Alice's own");
    fixture.finish();
}
