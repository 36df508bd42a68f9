//! An API that was forgotten, and catchers that speak for it.

use logto_rocket::{Api, Authorized, Caller, api_fairing};
use rocket::error::ErrorKind;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, catch, catchers, get, routes, tokio};

#[get("/token")]
async fn token(_token: Authorized) -> &'static str {
    "let in"
}

#[get("/caller")]
async fn caller(_caller: Caller) -> &'static str {
    "let in"
}

#[catch(401)]
fn unauthorized() -> &'static str {
    "the app's own words"
}

fn api() -> Api {
    Api::new("https://t.logto.app", "https://api.example.test").expect("a configuration")
}

async fn is_refused(rocket: Rocket<Build>) -> bool {
    match rocket.ignite().await {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::SentinelAborts(_)),
    }
}

#[tokio::test]
async fn a_launch_without_the_fairings_fails() {
    let with_token = rocket::build().mount("/", routes![token]);
    assert!(is_refused(with_token).await);
    let with_caller = rocket::build().mount("/", routes![caller]);
    assert!(is_refused(with_caller.attach(api_fairing(&api()))).await);
}

#[tokio::test]
async fn a_catcher_of_the_app_answers_in_place_of_the_sdk() {
    let rocket = || {
        let rocket = rocket::build().mount("/", routes![token]);
        rocket.attach(api_fairing(&api()))
    };
    for (rocket, expected) in [
        (rocket(), "missing_token"),
        (rocket().register("/", catchers![unauthorized]), "the app's own words"),
    ] {
        let client = Client::untracked(rocket).await.expect("Rocket ignites");
        let request = client.get("/token").header(Header::new("accept", "*/*"));
        let answer = request.dispatch().await;
        assert_eq!(answer.status(), Status::Unauthorized);
        let body = answer.into_string().await.unwrap_or_default();
        assert!(body.contains(expected), "{body}");
    }
}
