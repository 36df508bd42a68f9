//! A session that is lost after each sign-in: the browser must not go round for ever.

use logto_tests::hostile::{Fixture, YES, check};

/// The session's cookie never arrives; all others do.
fn lose_session(fixture: &mut Fixture) {
    let [(session, _)] = fixture.browser.lasting_cookies()[..] else { panic!("a session") };
    let line = format!("{session}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    fixture.browser.keep(&[line]);
}

#[tokio::test]
async fn the_fourth_sign_in_in_a_row_is_a_page_and_a_click_goes_on() {
    let mut fixture = Fixture::new().await;
    for _ in 0..3 {
        assert_eq!(fixture.sign_in().await.status, 303);
        lose_session(&mut fixture);
    }
    let seen = fixture.open("/sign-in?return_to=/home").await;
    assert_eq!(seen.status, 400, "{seen:?}");
    assert!(seen.body.contains("your session was lost each time"), "{}", seen.body);
    assert!(seen.body.contains("/sign-in?return_to=%2Fhome"), "{}", seen.body);
    assert!(fixture.log().contains("comes back without its session"), "{}", fixture.log());
    let seen = fixture.sign_in().await;
    check(&fixture, &seen, YES, None).await;
    fixture.finish();
}

#[tokio::test]
async fn users_who_keep_their_session_or_sign_out_are_not_stopped() {
    let mut fixture = Fixture::new().await;
    for _ in 0..5 {
        assert_eq!(fixture.sign_in().await.status, 303, "a session is there");
    }
    for _ in 0..5 {
        fixture.send("POST", "/sign-out", &[("origin", "http://localhost:3000")]).await;
        assert_eq!(fixture.sign_in().await.status, 303, "after a sign-out");
    }
    fixture.finish();
}

/// Each tab that was waiting replaces the session of the one before, and another tab may ask before
/// it has the newest cookies.
#[tokio::test]
async fn tabs_that_sign_in_one_after_the_other_are_not_stopped() {
    let mut fixture = Fixture::new().await;
    let mut before = None;
    for _ in 0..5 {
        before = Some(fixture.browser.clone());
        assert_eq!(fixture.sign_in().await.status, 303);
    }
    assert!(fixture.user().await.is_some());
    fixture.browser = before.unwrap();
    assert_eq!(fixture.user().await, None, "its session was replaced");
    assert_eq!(fixture.open("/sign-in?return_to=/home").await.status, 303);
    fixture.finish();
}
