//! Apps whose state is a framework's own type, and whose server functions any page may call.

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, COOKIE, ORIGIN, VARY};
use axum::http::{Request, Response};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Extension, Router};
use logto_axum::{Authorized, Caller, FromExtension, Permission, Policy};
use logto_fixture::{BASE_URL, Fixture};
use tower::ServiceExt;

const RESOURCE: &str = "https://api.example.test";

struct ReadThings;

impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
}

struct WriteNothing;

impl Permission for WriteNothing {
    const POLICY: Policy = Policy::new().with_scopes(&["write:nothing"]);
}

/// No one can implement `FromRef` for it.
type State = &'static str;

async fn fixture() -> Fixture {
    Fixture::at(BASE_URL, |config| config.with_resources([RESOURCE]).with_scopes(["read:things"]))
        .await
}

fn app(fixture: &Fixture, has_api: bool) -> Router {
    let things = async |caller: FromExtension<Caller<ReadThings>>| caller.sub().to_owned();
    let nothing = async |_: FromExtension<Caller<WriteNothing>>| "nothing";
    let programs = async |token: FromExtension<Authorized<ReadThings>>| token.sub().to_owned();
    let router: Router<State> = Router::new()
        .route("/things", post(things))
        .route("/nothing", post(nothing))
        .route("/programs", post(programs));
    let api = fixture.logto.api(RESOURCE).expect("an API");
    let router = if has_api { router.layer(Extension(api)) } else { router };
    router.layer(logto_axum::layer(&fixture.logto)).with_state("a framework's")
}

async fn ask(app: Router, fixture: &Fixture, path: &str) -> (u16, String) {
    let request = Request::post(path).header(COOKIE, &fixture.cookie).header(ORIGIN, BASE_URL);
    let request = request.body(Body::empty()).expect("a request");
    let response = app.oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 4096).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_api_comes_from_an_extension() {
    let fixture = fixture().await;
    let users = fixture.tenant.users();
    let alice = users.iter().find(|user| user.handle() == "alice").expect("alice");
    let answer = ask(app(&fixture, true), &fixture, "/things").await;
    assert_eq!(answer, (200, alice.id().to_owned()));

    let (status, text) = ask(app(&fixture, true), &fixture, "/nothing").await;
    assert_eq!((status, text.contains("insufficient_scope")), (403, true), "{text}");
    // A session is no access token.
    assert_eq!(ask(app(&fixture, true), &fixture, "/programs").await.0, 401);
}

#[tokio::test]
async fn without_the_extension_no_one_gets_through() {
    let fixture = fixture().await;
    for path in ["/things", "/programs"] {
        let (status, text) = ask(app(&fixture, false), &fixture, path).await;
        assert_eq!((status, text.contains("logto_no_api")), (500, true), "{text}");
    }
}

async fn guarded(fixture: &Fixture, method: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let app: Router = Router::new()
        .route("/open", get("open").post("open"))
        .layer(from_fn(logto_axum::own_pages_only))
        .layer(logto_axum::layer(&fixture.logto));
    let mut request = Request::builder().method(method).uri("/open");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_with_a_session() {
    let fixture = Fixture::new().await;
    let session = ("cookie", fixture.cookie.as_str());
    let (own, evil) = (("origin", BASE_URL), ("origin", "https://evil.example"));
    for (method, headers, status) in [
        ("POST", vec![session, own], 200),
        ("POST", vec![session, evil], 403),
        ("POST", vec![session, ("sec-fetch-site", "cross-site")], 403),
        ("POST", vec![session, ("sec-fetch-site", "same-site")], 403),
        // A program that brings no session, such as a webhook of another service.
        ("POST", vec![evil], 200),
        ("POST", vec![], 200),
        ("GET", vec![session, evil], 200),
        ("HEAD", vec![session, evil], 200),
        ("TRACE", vec![session, evil], 405),
        // Its messages change something.
        ("GET", vec![session, evil, ("upgrade", "websocket")], 403),
        ("GET", vec![session, ("origin", "null"), ("upgrade", "websocket")], 403),
        ("GET", vec![session, own, ("upgrade", "websocket")], 200),
        ("GET", vec![evil, ("upgrade", "websocket")], 200),
    ] {
        let answer = guarded(&fixture, method, &headers).await;
        assert_eq!(answer.status().as_u16(), status, "{method} {headers:?}");
    }
}

#[tokio::test]
async fn caches_are_told_before_a_page_asks_for_the_session() {
    let fixture = Fixture::new().await;
    let answer = guarded(&fixture, "GET", &[("cookie", &fixture.cookie)]).await;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!((header(CACHE_CONTROL), header(VARY)), (Some("private"), Some("Cookie")));
}
