//! A guide's routes on a port, and what alice and a stranger get there.

use axum::Router;
use logto_axum::logto::web::Request;
use logto_axum::{Logto, LogtoConfig};
use logto_fixture::Fixture;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use tokio::net::TcpListener;

/// The API of the local tenant.
pub(crate) const THINGS: &str = "https://api.example.test";
/// Where alice is a member.
pub(crate) const ACME: &str = "wpmklpcc20gc";

pub(crate) struct RunningApp {
    pub(crate) fixture: Fixture,
    pub(crate) base_url: String,
    client: Client,
}

/// What a browser got.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) text: String,
    pub(crate) cookies: String,
}

impl RunningApp {
    /// Serves the routes that `app` makes. Alice is signed in.
    pub(crate) async fn serve(app: impl FnOnce(&Logto) -> Router) -> Self {
        Self::serve_at("", |fixture| app(&fixture.logto)).await
    }

    /// The same below a path, and with a look at the tenant.
    pub(crate) async fn serve_at(path: &str, app: impl FnOnce(&Fixture) -> Router) -> Self {
        Self::configured(path, |config| config, app).await
    }

    /// The same with more configuration.
    pub(crate) async fn configured(
        path: &str,
        configure: impl FnOnce(LogtoConfig) -> LogtoConfig + Send,
        app: impl FnOnce(&Fixture) -> Router,
    ) -> Self {
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let base_url = format!("http://localhost:{}{path}", listener.local_addr().unwrap().port());
        let fixture = Fixture::at(&base_url, |config| configure(with_all_scopes(config))).await;
        let app = app(&fixture);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { fixture, base_url, client }
    }

    /// The same for routes without the SDK's layer and routes.
    pub(crate) async fn serve_routes(routes: Router) -> Self {
        Self::serve(|logto| routes.layer(logto_axum::layer(logto)).merge(logto_axum::routes(logto)))
            .await
    }

    /// A request of alice, to be sent.
    pub(crate) fn alice(&self, method: Method, path: &str) -> RequestBuilder {
        self.stranger(method, path).header(COOKIE, &self.fixture.cookie)
    }

    /// A request of a user who is not signed in.
    pub(crate) fn stranger(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base_url));
        request.header(ACCEPT, "text/html")
    }

    /// Alice opens a page.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        answer(self.alice(Method::GET, path)).await
    }

    /// The text of a page that alice opens.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.open(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// A stranger is sent to sign-in, and back to the page.
    pub(crate) async fn needs_sign_in(&self, path: &str) {
        let answer = answer(self.stranger(Method::GET, path)).await;
        let target = format!("/sign-in?return_to={}", path.replace('/', "%2F"));
        assert_eq!((answer.status, answer.location), (303, target));
    }

    /// Follows `answer`, a redirect to Logto, where `user` signs in; where the callback leads.
    pub(crate) async fn sign_in(&self, answer: Answer, user: &str) -> Answer {
        let callback = self.fixture.tenant.sign_in(&answer.location, user).await.unwrap();
        let request = self.client.get(callback).header(ACCEPT, "text/html");
        self::answer(request.header(COOKIE, answer.cookies)).await
    }

    /// Alice's access token for the API of the local tenant.
    pub(crate) async fn token(&self) -> String {
        let request = Request::new("GET", "/", [("cookie", &self.fixture.cookie)]);
        let context = self.fixture.logto.context(request);
        let user = context.user().await.expect("alice is signed in");
        user.access_token(THINGS).await.expect("a token").as_str().to_owned()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let header = |name| {
        let values = response.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let pairs = header(SET_COOKIE);
    let pairs = pairs.iter().filter_map(|line| line.split(';').next());
    Answer {
        status: response.status().as_u16(),
        location: header(LOCATION).concat(),
        cookies: pairs.collect::<Vec<_>>().join("; "),
        text: text(response).await,
    }
}

async fn text(response: Response) -> String {
    response.text().await.unwrap()
}

fn with_all_scopes(config: LogtoConfig) -> LogtoConfig {
    config.with_resources([THINGS]).with_scopes([
        "email",
        "identities",
        "roles",
        "urn:logto:scope:organizations",
        "urn:logto:scope:organization_roles",
        "read:things",
        "write:things",
    ])
}
