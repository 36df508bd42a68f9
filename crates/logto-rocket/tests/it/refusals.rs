//! Who answers when no one is signed in.

use logto_rocket::{Api, Auth, Authorized, Reply, User, api_fairing};
use rocket::catcher::Catcher;
use rocket::fairing::AdHoc;
use rocket::http::{Accept, Status};
use rocket::local::asynchronous::LocalRequest;
use rocket::response::content::RawHtml;
use rocket::response::status::Unauthorized;
use rocket::{Build, Request, Rocket, catch, catchers, get, routes};

use crate::{app, client, location};
use logto_fixture::Fixture;

fn opened_by_a_user(request: LocalRequest<'_>) -> LocalRequest<'_> {
    request.header(Accept::HTML)
}

#[get("/shared")]
fn for_members(_user: User) -> &'static str {
    "member"
}

#[get("/shared", rank = 2)]
fn for_visitors() -> &'static str {
    "visitor"
}

#[get("/stubborn")]
fn stubborn(_user: User) -> &'static str {
    "member"
}

#[get("/stubborn", rank = 2)]
fn own_401() -> Unauthorized<RawHtml<&'static str>> {
    Unauthorized(RawHtml("the app's own 401"))
}

#[get("/either")]
fn with_session(_user: User) -> &'static str {
    "member"
}

#[get("/either", rank = 2)]
fn with_token(_token: Authorized) -> &'static str {
    "program"
}

#[get("/theirs")]
fn without_any_guard() -> Status {
    Status::Unauthorized
}

#[catch(401)]
fn own_catcher() -> &'static str {
    "the app's own catcher"
}

#[catch(default)]
fn catch_all() -> &'static str {
    "the app's catch-all"
}

/// As long as Rocket's own page, and not it.
#[catch(401)]
async fn look_alike(request: &Request<'_>) -> Option<RawHtml<String>> {
    let rockets = Catcher::default();
    let page = rockets.handler.handle(Status::Unauthorized, request).await;
    Some(RawHtml("x".repeat(page.ok()?.body().preset_size()?)))
}

#[catch(401)]
async fn asks_the_core(request: &Request<'_>) -> Option<Reply> {
    let auth = request.guard::<Auth>().await.succeeded()?;
    Some(auth.refuse().into())
}

fn ranked(fixture: &Fixture) -> Rocket<Build> {
    app(fixture)
        .mount("/", routes![for_members, for_visitors, stubborn, own_401, without_any_guard])
}

#[rocket::async_test]
async fn a_user_is_sent_to_sign_in_and_back_and_a_script_gets_401() {
    let fixture = Fixture::new().await;
    let client = client(app(&fixture)).await;
    for request in [client.get("/a/b?x=1"), client.head("/a/b?x=1")] {
        let response = opened_by_a_user(request).dispatch().await;
        assert_eq!(response.status(), Status::SeeOther);
        assert_eq!(location(&response), "/sign-in?return_to=%2Fa%2Fb%3Fx%3D1");
        assert_eq!(response.content_type(), None);
        assert!(response.headers().contains("server"), "Rocket's own header");
        assert_eq!(response.into_string().await.unwrap_or_default(), "");
    }
    let response = client.get("/").header(Accept::JSON).dispatch().await;
    assert_eq!(response.status(), Status::Unauthorized);
    let challenge = response.headers().get_one("www-authenticate");
    assert!(challenge.is_some_and(|challenge| challenge.starts_with("Bearer")));
    let body = response.into_string().await.unwrap_or_default();
    assert!(body.contains("unauthenticated"), "{body}");
}

#[rocket::async_test]
async fn what_a_route_of_the_app_answers_stays() {
    let fixture = Fixture::new().await;
    let client = client(ranked(&fixture)).await;
    for (path, text) in [("/shared", "visitor"), ("/stubborn", "the app's own 401")] {
        let response = opened_by_a_user(client.get(path)).dispatch().await;
        assert_eq!(response.into_string().await.as_deref(), Some(text));
    }
    let response = opened_by_a_user(client.get("/theirs")).dispatch().await;
    assert_eq!(response.status(), Status::Unauthorized);
    let body = response.into_string().await.unwrap_or_default();
    assert!(body.contains("<small>Rocket</small>"), "{body}");
}

#[rocket::async_test]
async fn of_several_routes_the_last_that_was_tried_answers() {
    let fixture = Fixture::new().await;
    let api = Api::new("https://t.logto.app", "https://api.example.test").expect("an API");
    let routes = routes![with_session, with_token];
    let client = client(app(&fixture).attach(api_fairing(&api)).mount("/", routes)).await;
    let response = client.get("/either").header(Accept::JSON).dispatch().await;
    assert_eq!(response.status(), Status::Unauthorized);
    let body = response.into_string().await.unwrap_or_default();
    assert!(body.contains("missing_token"), "{body}");
}

#[rocket::async_test]
async fn catchers_stay_the_apps() {
    let fixture = Fixture::new().await;
    for (catchers, text) in [
        (catchers![own_catcher], "the app's own catcher"),
        (catchers![catch_all], "the app's catch-all"),
    ] {
        let client = client(app(&fixture).register("/", catchers)).await;
        let response = opened_by_a_user(client.get("/")).dispatch().await;
        assert_eq!(response.status(), Status::Unauthorized);
        assert_eq!(response.into_string().await.as_deref(), Some(text));
    }
    let later =
        AdHoc::on_ignite("later", |rocket| async { rocket.register("/", catchers![catch_all]) });
    let launched = client(app(&fixture).attach(later)).await;
    let response = opened_by_a_user(launched.get("/")).dispatch().await;
    let body = response.into_string().await;
    assert_eq!(body.as_deref(), Some("the app's catch-all"));

    let alike = client(app(&fixture).register("/", catchers![look_alike])).await;
    let response = opened_by_a_user(alike.get("/")).dispatch().await;
    assert_eq!(response.status(), Status::Unauthorized);
    let body = response.into_string().await.unwrap_or_default();
    assert!(body.starts_with("xxx"), "{body}");

    let client = client(app(&fixture).register("/", catchers![asks_the_core])).await;
    let response = opened_by_a_user(client.get("/")).dispatch().await;
    assert_eq!(location(&response), "/sign-in?return_to=%2F");
}
