//! Logto refuses a whole sign-in for one API resource that it does not know. That must not lock
//! users out.

use std::time::Duration;

use logto_tests::hostile::{Answer, Endpoint, Fixture, refused};
use url::Url;

const ORGANIZATIONS: &str = "urn:logto:resource:organizations";
const UNKNOWN: &str = "https://unknown.example";
const KNOWN: &str = "https://known.example";

/// An app whose configuration names a resource that Logto does not know.
async fn fixture() -> Fixture {
    let fixture = Fixture::with(|config| {
        config.with_resources([UNKNOWN, KNOWN]).with_scopes(["urn:logto:scope:organizations"])
    })
    .await;
    fixture.provider.forget_resources(&[UNKNOWN]);
    fixture
}

fn resources(authorize: &Url) -> Vec<String> {
    authorize
        .query_pairs()
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// The callback with which Logto refuses the sign-in.
fn refusal(fixture: &Fixture, authorize: &Url) -> String {
    let callback = fixture.callback(authorize);
    let (path, query) = callback.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with("code="));
    let kept: Vec<&str> = kept.collect();
    format!("{path}?{}&error=invalid_target", kept.join("&"))
}

#[tokio::test]
async fn users_sign_in_without_it_and_with_all_others() {
    let mut fixture = fixture().await;
    let authorize = fixture.begin("/sign-up?return_to=/home").await;
    assert_eq!(resources(&authorize), [UNKNOWN, KNOWN, ORGANIZATIONS]);

    let again = fixture.open(&refusal(&fixture, &authorize)).await;
    assert_eq!(again.status, 303);
    let authorize = Url::parse(again.location()).unwrap();
    assert_eq!(resources(&authorize), [KNOWN, ORGANIZATIONS]);
    let as_before = ("first_screen".into(), "register".into());
    assert!(authorize.query_pairs().any(|pair| pair == as_before));
    let home = fixture.open(&fixture.callback(&authorize)).await;
    assert_eq!((home.status, home.location()), (303, "/home"));
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    let log = fixture.log();
    let named: Vec<_> = log.lines().filter(|line| line.contains(UNKNOWN)).collect();
    assert!(named.len() == 1 && !named[0].contains(KNOWN), "{log}");

    // The next one is not refused at all; later it is tried again.
    let authorize = fixture.begin("/sign-in").await;
    assert_eq!(resources(&authorize), [KNOWN, ORGANIZATIONS]);
    fixture.clock.advance(Duration::from_secs(5 * 60));
    let authorize = fixture.begin("/sign-in").await;
    assert_eq!(resources(&authorize), [UNKNOWN, KNOWN, ORGANIZATIONS]);
    fixture.finish();
}

#[tokio::test]
async fn a_sign_in_is_retried_twice_without_resources() {
    let mut fixture = fixture().await;
    let mut authorize = fixture.begin("/sign-in").await;
    for left in [&[KNOWN, ORGANIZATIONS][..], &[ORGANIZATIONS]] {
        let again = fixture.open(&refusal(&fixture, &authorize)).await;
        authorize = Url::parse(again.location()).unwrap();
        assert_eq!(resources(&authorize), left);
    }
    let end = fixture.open(&refusal(&fixture, &authorize)).await;
    refused(&fixture, &end, None).await;
    fixture.finish();
}

#[tokio::test]
async fn where_it_cannot_be_told_which_one_it_is_all_are_left_out() {
    let bends: [fn(Answer) -> Answer; 3] =
        [|_| Answer::text(403, "not for robots"), |_| Answer::text(503, ""), Answer::cut];
    for bend in bends {
        let mut fixture = fixture().await;
        fixture.provider.bend(Endpoint::Authorization, move |answer, _| bend(answer));
        let authorize = fixture.begin("/sign-in").await;
        let again = fixture.open(&refusal(&fixture, &authorize)).await;
        let authorize = Url::parse(again.location()).unwrap();
        assert_eq!(resources(&authorize), [ORGANIZATIONS]);
        fixture.finish();
    }
}

#[tokio::test]
async fn users_who_are_refused_together_do_not_each_ask() {
    let mut fixture = fixture().await;
    for _ in 0..10 {
        let authorize = fixture.begin("/sign-in").await;
        fixture.open(&refusal(&fixture, &authorize)).await;
    }
    assert_eq!(fixture.provider.calls(Endpoint::Authorization).len(), 2);
    fixture.finish();
}

#[tokio::test]
async fn what_is_known_of_a_resource_holds_for_sign_ins_that_began_before() {
    let mut fixture = fixture().await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        begun.push(fixture.begin("/sign-in").await);
    }
    let mut calls = Vec::new();
    for (authorize, pause) in begun.iter().zip([4, 1, 0]) {
        let again = fixture.open(&refusal(&fixture, authorize)).await;
        assert_eq!(resources(&Url::parse(again.location()).unwrap()), [KNOWN, ORGANIZATIONS]);
        calls.push(fixture.provider.calls(Endpoint::Authorization).len());
        fixture.clock.advance(Duration::from_secs(pause));
    }
    assert_eq!(calls, [2, 2, 3], "five seconds later the other one is tried again");
    fixture.finish();
}

#[tokio::test]
async fn where_no_resource_was_asked_for_nothing_is_repeated() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in").await;
    let end = fixture.open(&refusal(&fixture, &authorize)).await;
    refused(&fixture, &end, None).await;
    fixture.finish();
}
