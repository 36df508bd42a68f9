//! A session that is lost after each sign-in: the browser must not go round for ever.

use logto_tests::hostile::{World, YES, check};

/// The session's cookie never arrives; all others do.
fn lose_session(world: &mut World) {
    let [(session, _)] = world.browser.lasting_cookies()[..] else { panic!("a session") };
    let line = format!("{session}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    world.browser.keep(&[line]);
}

#[tokio::test]
async fn the_fourth_sign_in_in_a_row_is_a_page_and_a_click_goes_on() {
    let mut world = World::new().await;
    for _ in 0..3 {
        assert_eq!(world.sign_in().await.status, 303);
        lose_session(&mut world);
    }
    let seen = world.open("/sign-in?return_to=/home").await;
    assert_eq!(seen.status, 400, "{seen:?}");
    assert!(seen.body.contains("your session was lost each time"), "{}", seen.body);
    assert!(seen.body.contains("/sign-in?return_to=%2Fhome"), "{}", seen.body);
    assert!(world.log().contains("comes back without its session"), "{}", world.log());
    let seen = world.sign_in().await;
    check(&world, &seen, YES, None).await;
    world.finish();
}

#[tokio::test]
async fn users_who_keep_their_session_or_sign_out_are_not_stopped() {
    let mut world = World::new().await;
    for _ in 0..5 {
        assert_eq!(world.sign_in().await.status, 303, "a session is there");
    }
    for _ in 0..5 {
        world.send("POST", "/sign-out", &[("origin", "http://localhost:3000")]).await;
        assert_eq!(world.sign_in().await.status, 303, "after a sign-out");
    }
    world.finish();
}

/// Each tab that was waiting replaces the session of the one before, and another tab may ask before
/// it has the newest cookies.
#[tokio::test]
async fn tabs_that_sign_in_one_after_the_other_are_not_stopped() {
    let mut world = World::new().await;
    let mut before = None;
    for _ in 0..5 {
        before = Some(world.browser.clone());
        assert_eq!(world.sign_in().await.status, 303);
    }
    assert!(world.user().await.is_some());
    world.browser = before.unwrap();
    assert_eq!(world.user().await, None, "its session was replaced");
    assert_eq!(world.open("/sign-in?return_to=/home").await.status, 303);
    world.finish();
}
