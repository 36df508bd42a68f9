//! axum with tower-sessions, tower-sessions-cookie-store and axum-login.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::Response;
use axum::routing::{RouterIntoService, get};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use tower::{Service, ServiceExt};
use tower_sessions_cookie_store::{CookieSessionConfig, CookieSessionManagerLayer, Key};

use crate::fixture::Cookies;
use crate::kept::{Kept, NAME};

pub type App = RouterIntoService<Body>;

pub async fn send(app: &mut App, name: HeaderName, value: &HeaderValue) -> Response {
    let request = Request::get("/").header(name, value).body(Body::empty());
    let request = request.expect("a request");
    let ready = ServiceExt::<Request<Body>>::ready(app).await;
    let response = ready.expect("a service").call(request).await;
    response.expect("an answer")
}

pub async fn get_with(app: &mut App, name: HeaderName, value: &HeaderValue) -> Response {
    let response = send(app, name, value).await;
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// A page with these headers and this cookie.
pub async fn send_all(app: &mut App, headers: &HeaderMap, cookie: &HeaderValue) -> Response {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = headers.clone();
    request.headers_mut().insert(COOKIE, cookie.clone());
    let ready = ServiceExt::<Request<Body>>::ready(app).await;
    let response = ready.expect("a service").call(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// With routes that are made once, as `axum::serve` has them, and not anew for every request.
pub fn service(router: Router) -> App {
    router.with_state(()).into_service()
}

pub fn hello() -> App {
    service(Router::new().route("/", get(async || "hello")))
}

pub fn logto(logto: &logto::Logto) -> App {
    let page = async |user: logto_axum::User| {
        black_box(user.name());
        "hello"
    };
    let router = Router::new().route("/", get(page));
    service(router.layer(logto_axum::layer(logto)))
}

pub async fn sessions_in_memory(kept: Kept) -> (App, HeaderValue) {
    filled(in_memory(kept)).await
}

/// With the session of so many people.
pub async fn sessions_in_memory_of(kept: Kept, people: usize) -> (App, Vec<String>) {
    let router = in_memory(kept);
    let mut cookies = Vec::new();
    for _ in 0..people {
        cookies.push(put(router.clone()).await.header());
    }
    (service(router), cookies)
}

fn in_memory(kept: Kept) -> Router {
    use tower_sessions::{MemoryStore, Session, SessionManagerLayer};
    let read = async |session: Session| {
        let kept: Option<Kept> = session.get(NAME).await.expect("a session");
        black_box(kept.expect("what was kept"));
        "hello"
    };
    let put = async move |session: Session| {
        session.insert(NAME, kept).await.expect("a session");
    };
    let router = Router::new().route("/", get(read)).route("/put", get(put));
    router.layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(false))
}

pub async fn sessions_in_cookies(kept: Kept) -> (App, HeaderValue) {
    use tower_sessions_cookie_store::Session;
    let read = async |session: Session| {
        let kept: Option<Kept> = session.get(NAME).await.expect("a session");
        black_box(kept.expect("what was kept"));
        "hello"
    };
    let put = async move |session: Session| {
        session.insert(NAME, kept).await.expect("a session");
    };
    let router = Router::new().route("/", get(read)).route("/put", get(put));
    // No browser keeps so much in one cookie, but else there would be nothing to measure.
    let config = CookieSessionConfig::default().with_max_cookie_bytes(16 * 1024);
    let layer = CookieSessionManagerLayer::private(Key::generate()).with_config(config);
    filled(router.layer(layer)).await
}

/// Its session holds an id; the person is looked up in a map.
pub async fn login() -> (App, HeaderValue) {
    use tower_sessions_of_axum_login::{MemoryStore, SessionManagerLayer};
    let read = async |auth: AuthSession<People>| {
        black_box(auth.user.expect("someone").name.len());
        "hello"
    };
    let put = async |mut auth: AuthSession<People>| {
        let alice = auth.backend.0["alice"].clone();
        auth.login(&alice).await.expect("a sign-in");
    };
    let router = Router::new().route("/", get(read)).route("/put", get(put));
    let person = Person { id: "alice".to_owned(), name: "Alice Example".to_owned() };
    let people = People(Arc::new(HashMap::from([(person.id.clone(), person)])));
    let layer = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    filled(router.layer(AuthManagerLayerBuilder::new(people, layer).build())).await
}

/// The cookies of a new session.
async fn put(router: Router) -> Cookies {
    let put = Request::get("/put").body(Body::empty()).expect("a request");
    let response = router.oneshot(put).await.expect("an answer");
    let lines = response.headers().get_all(SET_COOKIE).iter();
    let mut cookies = Cookies::default();
    cookies.set(lines.map(|line| line.to_str().expect("text")));
    cookies
}

async fn filled(router: Router) -> (App, HeaderValue) {
    let header = put(router.clone()).await.header().parse().expect("a header");
    let mut app = service(router);
    get_with(&mut app, COOKIE, &header).await;
    (app, header)
}

#[derive(Clone, Debug)]
struct Person {
    id: String,
    name: String,
}

impl AuthUser for Person {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.name.as_bytes()
    }
}

#[derive(Clone, Debug)]
struct People(Arc<HashMap<String, Person>>);

impl AuthnBackend for People {
    type User = Person;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Person>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, id: &String) -> Result<Option<Person>, Infallible> {
        Ok(self.0.get(id).cloned())
    }
}
