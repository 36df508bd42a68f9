//! Logto refuses a whole sign-in for one API resource that it does not know. That must not lock people
//! out.

use logto_tests::hostile::{World, refused};
use url::Url;

const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

/// An app whose configuration names a resource that Logto does not know.
async fn world() -> World {
    World::with(|config| {
        config
            .with_resources(["https://unknown.example"])
            .with_scopes(["urn:logto:scope:organizations"])
    })
    .await
}

fn resources(authorize: &Url) -> Vec<String> {
    authorize
        .query_pairs()
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// The callback with which Logto refuses the sign-in.
fn refusal(world: &World, authorize: &Url) -> String {
    let callback = world.callback(authorize);
    let (path, query) = callback.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with("code="));
    let kept: Vec<&str> = kept.collect();
    format!("{path}?{}&error=invalid_target", kept.join("&"))
}

#[tokio::test]
async fn people_sign_in_without_it() {
    let mut world = world().await;
    let authorize = world.begin("/sign-up?return_to=/home").await;
    assert_eq!(resources(&authorize), ["https://unknown.example", ORGANIZATIONS]);

    let again = world.open(&refusal(&world, &authorize)).await;
    assert_eq!(again.status, 303);
    let authorize = Url::parse(again.location()).unwrap();
    assert_eq!(resources(&authorize), [ORGANIZATIONS]);
    let as_before = ("first_screen".into(), "register".into());
    assert!(authorize.query_pairs().any(|pair| pair == as_before));
    let home = world.open(&world.callback(&authorize)).await;
    assert_eq!((home.status, home.location()), (303, "/home"));
    assert_eq!(world.person().await.as_deref(), Some("alice"));
    assert!(world.log().contains("https://unknown.example"));
    world.finish();
}

#[tokio::test]
async fn it_is_tried_once_more_and_not_for_ever() {
    let mut world = world().await;
    let authorize = world.begin("/sign-in").await;
    let again = world.open(&refusal(&world, &authorize)).await;
    let authorize = Url::parse(again.location()).unwrap();
    let end = world.open(&refusal(&world, &authorize)).await;
    refused(&world, &end, None).await;
    world.finish();
}

#[tokio::test]
async fn where_no_resource_was_asked_for_nothing_is_repeated() {
    let mut world = World::new().await;
    let authorize = world.begin("/sign-in").await;
    let end = world.open(&refusal(&world, &authorize)).await;
    refused(&world, &end, None).await;
    world.finish();
}
