//! What an adapter brings to the suite: a server with the test app.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use futures::stream::{self, Stream, StreamExt};
use logto::web::User;
use logto::{Error, Logto};
use serde_json::Value;
use tokio::sync::Notify;

/// A web framework with its adapter.
///
/// # The test app
///
/// Every driver serves the same app, with the adapter's middleware around all of it.
/// "Renews" means `user.access_token(TokenRequest::opaque()).await?`: when the clock is past the
/// token's hour, a cookie is pending from then on.
///
/// | route | asks for | answers |
/// |---|---|---|
/// | `GET /hello` | `MaybeUser` | [`TestApp::greeting`] |
/// | `GET /page` | `User` | [`TestApp::greeting`] |
/// | `GET /nested/deep/page` | `User` | the same, from a mount within a mount |
/// | `GET /files/{anything}` | `User` | the same |
/// | `POST /echo` | `User` | the body it was sent |
/// | `GET /fresh`, `POST /fresh` | `FreshUser<300>` | [`TestApp::greeting`] |
/// | `GET /info` | `User` | `sub` of `fetch_user_info`, or the SDK's answer to its error |
/// | `GET /tokens` | `User` | [`TestApp::tokens`] |
/// | `GET /state` | `Auth` | `session_state` as `Debug` prints it |
/// | `GET /hugging-face` | `Auth` | the SDK's answer to `sign_in` straight to Hugging Face |
/// | `GET /cookies` | `User` | renews; sets `app-one=1; Path=/` and `app-two=2; Path=/` itself |
/// | `GET /moves` | `User` | renews; 303 to `/elsewhere` |
/// | `GET /fails` | `User` | renews; fails with 418 and `failed`, in the framework's own way |
/// | `GET /stream` | `User` | renews; `one\n`, then, once [`TestApp::gate`] opens, `two\n` |
/// | `GET /socket` | `MaybeUser` | 101 to `websocket`, and echoes the bytes it reads |
/// | `GET /plain` | no one | `plain`, `Cache-Control: max-age=60` and `app-one=1; Path=/` |
///
/// Texts are `text/plain; charset=utf-8`. A page that answers `GET` answers `HEAD`.
pub trait Adapter {
    /// What the suite calls it.
    const NAME: &'static str;

    /// Cases that the framework makes impossible for its adapter, by name. Each has to fail: an
    /// excuse that is not needed any more is a failure of its own.
    const EXCUSED: &'static [&'static str] = &[];

    /// Serves the test app on a free port of the loopback interface.
    ///
    /// `None` if the framework refuses to start an app [without the middleware](TestApp::bare),
    /// which is the best that it can do.
    fn serve(app: TestApp) -> impl Future<Output = Option<Server>>;
}

/// What the test app is made of.
#[derive(Clone, Debug)]
pub struct TestApp {
    /// The SDK.
    pub logto: Logto,
    /// Where all of the app and all of the SDK's routes are nested; mostly `""`.
    pub mounted_at: &'static str,
    /// Leaves the adapter's middleware out, as someone will one day by mistake.
    pub bare: bool,
    /// Leaves the SDK's routes out, as someone else will.
    pub without_routes: bool,
    /// Opens when a test has seen the first half of the stream.
    pub gate: Arc<Notify>,
}

impl TestApp {
    /// The APIs that a user may use with the permission `use:it`.
    pub const APIS: [&str; 5] = [
        "https://one.example",
        "https://two.example",
        "https://three.example",
        "https://four.example",
        "https://five.example",
    ];

    /// What pages say.
    #[must_use]
    pub fn greeting(user: Option<&User>) -> String {
        user.map_or_else(|| "signed out".to_owned(), |user| format!("hello {}", user.sub()))
    }

    /// Audience and permissions of an access token for each of the [APIs](Self::APIS), and for each
    /// organization of the user: the first five of those in more than 200.
    ///
    /// # Errors
    ///
    /// As [`User::access_token`].
    pub async fn tokens(user: &User) -> Result<String, Error> {
        let mut tokens = Vec::new();
        for api in Self::APIS {
            tokens.push(user.access_token(api).await?);
        }
        let organizations = &user.claims().organizations;
        let count = if organizations.len() > 200 { 5 } else { organizations.len() };
        for organization in organizations.iter().take(count) {
            tokens.push(user.organization_token(organization).await?);
        }
        let lines = tokens.iter().map(|token| {
            let claims: Value = token.claims()?;
            let scopes: Vec<_> = token.scopes().collect();
            let audience = claims.get("aud").and_then(Value::as_str);
            Ok(format!("{} {}", audience.unwrap_or_default(), scopes.join(" ")))
        });
        Ok(lines.collect::<Result<Vec<_>, Error>>()?.join("\n"))
    }

    /// What `/stream` says, as it becomes ready.
    pub fn halves(&self) -> impl Stream<Item = &'static str> + Send + use<> {
        let gate = Arc::clone(&self.gate);
        let second = stream::once(async move {
            gate.notified().await;
            "two\n"
        });
        stream::iter(["one\n"]).chain(second)
    }
}

/// A running server; it stops when it is dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<Box<dyn FnOnce()>>,
}

impl Server {
    /// A server that `stop` stops.
    pub fn new(address: SocketAddr, stop: impl FnOnce() + 'static) -> Self {
        Self { address, stop: Some(Box::new(stop)) }
    }

    /// A server that is a future and stops when that is dropped.
    pub fn spawn(address: SocketAddr, server: impl Future<Output = ()> + Send + 'static) -> Self {
        let task = tokio::spawn(server);
        Self::new(address, move || task.abort())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// An adapter as a value, so that there can be a list of them.
#[derive(Clone, Copy, Debug)]
pub struct Driver {
    /// See [`Adapter::NAME`].
    pub name: &'static str,
    /// See [`Adapter::EXCUSED`].
    pub excused: &'static [&'static str],
    serve: fn(TestApp) -> LocalBoxFuture<'static, Option<Server>>,
}

impl Driver {
    /// The driver of an adapter.
    #[must_use]
    pub fn of<A: Adapter + 'static>() -> Self {
        Self { name: A::NAME, excused: A::EXCUSED, serve: |app| Box::pin(A::serve(app)) }
    }

    /// Serves the test app; see [`Adapter::serve`].
    pub async fn serve(&self, app: TestApp) -> Option<Server> {
        (self.serve)(app).await
    }
}
