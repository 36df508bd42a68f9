//! Sign-in in the browser of this machine, which comes back to a port of it (RFC 8252, section
//! 7.3).

use std::convert::Infallible;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::{Url, form_urlencoded};

use crate::app::NativeApp;
use crate::error::{Error, ErrorKind};
use crate::protocol::Authorization;
use crate::user::User;

/// How long a user has to sign in.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a browser may take to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at a time. A browser opens a few.
const MAX_CONNECTIONS: usize = 16;

// The code stays neither in the history nor in a link to another page.
macro_rules! page {
    ($title:literal, $text:literal) => {
        concat!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
            <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
            <meta name=\"color-scheme\" content=\"light dark\"><title>",
            $title,
            "</title><script>history.replaceState(null, '', '/')</script>\
            <body style=\"font-family: sans-serif; margin: 4rem auto; \
            max-width: 30rem; padding: 0 1rem\"><h1>",
            $title,
            "</h1><p>",
            $text,
            "</p>"
        )
    };
}

/// The code is not redeemed yet: whether the user is signed in is not known.
const CAME_BACK: &str =
    page!("Return to the program", "It finishes the sign-in. You can close this window.");
const NOT_SIGNED_IN: &str =
    page!("You are not signed in", "Return to the program. You can close this window.");

/// A sign-in that has begun: open [`url`](Self::url) in a browser, then [`finish`](Self::finish).
///
/// # Example
///
/// ```
/// use logto_native::{Error, NativeApp, User};
///
/// /// Opens the user's browser; where that fails, the user opens the address.
/// async fn sign_in(app: &NativeApp) -> Result<User, Error> {
///     let sign_in = app.begin_browser_sign_in().await?;
///     // On Linux. The crate `open` knows the other systems too.
///     if std::process::Command::new("xdg-open").arg(sign_in.url()).spawn().is_err() {
///         println!("Open this address in a browser: {}", sign_in.url());
///     }
///     sign_in.finish().await
/// }
/// ```
#[must_use = "no one signs in unless it is finished"]
pub struct BrowserSignIn {
    app: NativeApp,
    listener: TcpListener,
    authorization: Authorization,
}

/// What a redirect says.
struct Redirect {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

impl BrowserSignIn {
    pub(crate) async fn begin(app: NativeApp, path: &str) -> Result<Self, Error> {
        let no_port =
            |error| Error::with_source(ErrorKind::Internal, "there is no port to listen on", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let redirect_uri = format!("http://127.0.0.1:{port}{path}");
        let authorization = app.0.protocol.authorization(redirect_uri).await?;
        Ok(Self { app, listener, authorization })
    }

    /// The address to open in the user's browser.
    #[must_use]
    pub fn url(&self) -> &str {
        self.authorization.url.as_str()
    }

    /// Waits until the browser comes back, and saves the credentials. Requests that belong to
    /// another sign-in are ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`] if the user refuses, [`ErrorKind::Expired`] if the browser has
    /// not come back after five minutes, [`ErrorKind::Refused`] if Logto does not take the
    /// code, and [`ErrorKind::Store`] if the credentials cannot be saved.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{BrowserSignIn, Error, ErrorKind};
    ///
    /// /// Says who signed in, and why if no one did.
    /// async fn greet(sign_in: BrowserSignIn) -> Result<String, Error> {
    ///     match sign_in.finish().await {
    ///         Ok(user) => Ok(format!("Hello, {}", user.name.unwrap_or(user.sub))),
    ///         Err(error) if error.kind() == ErrorKind::Expired => Ok("Please try again.".to_owned()),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    pub async fn finish(self) -> Result<User, Error> {
        let Self { app, listener, authorization } = self;
        let redirect = tokio::time::timeout(PATIENCE, redirected(&listener, &authorization)).await;
        let late = |_| Error::new(ErrorKind::Expired, "the browser did not come back in time");
        finish(app, authorization, redirect.map_err(late)??).await
    }

    /// Ends the sign-in where the browser runs on another machine: the user copies the address that
    /// their browser could not open, which begins with `http://127.0.0.1`.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish); [`ErrorKind::InvalidRequest`] if it is not the address of this
    /// sign-in.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use logto_management::{ApplicationType, Management, NewApplication, OidcClientMetadata};
    /// # use logto_native::{FileStore, NativeApp, NativeConfig};
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let machine = tenant.machine_app();
    /// # let management = Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)?;
    /// # let mut new = NewApplication::new("my-program", ApplicationType::Native);
    /// # let mut addresses = OidcClientMetadata::default();
    /// # addresses.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()];
    /// # new.oidc_client_metadata = Some(addresses);
    /// # let created = management.applications().create(&new).await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let store = FileStore::new(folder.path().join("credentials.json"));
    /// # let app = NativeApp::new(NativeConfig::new(tenant.endpoint(), created.id), store)?;
    /// let sign_in = app.begin_browser_sign_in().await?;
    /// println!("Open {} and paste the address that your browser ends at:", sign_in.url());
    /// let mut pasted = String::new();
    /// # pasted = tenant.sign_in(sign_in.url(), "alice").await?;
    /// # if pasted.is_empty() {
    /// std::io::stdin().read_line(&mut pasted)?;
    /// # }
    /// let user = sign_in.finish_with(&pasted).await?;
    /// println!("Hello, {}", user.name.unwrap_or(user.sub));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn finish_with(self, address: &str) -> Result<User, Error> {
        let not_ours =
            || Error::new(ErrorKind::InvalidRequest, "this is not the address of this sign-in");
        let url = Url::parse(address.trim()).map_err(|_| not_ours())?;
        let redirect = Redirect::read(url.query().unwrap_or_default());
        if !redirect.belongs_to(&self.authorization) {
            return Err(not_ours());
        }
        finish(self.app, self.authorization, redirect).await
    }
}

async fn finish(
    app: NativeApp,
    authorization: Authorization,
    redirect: Redirect,
) -> Result<User, Error> {
    let code = match (redirect.code, redirect.error) {
        (Some(code), None) => code,
        (_, Some(error)) if error == "access_denied" => {
            return Err(Error::new(ErrorKind::Cancelled, "the sign-in was not allowed"));
        }
        (_, error) => {
            let error = logto_http::printable(&error.unwrap_or_default(), ' ', 100);
            return Err(Error::refused("Logto refused the sign-in", error));
        }
    };
    let nonce = authorization.nonce.clone();
    let tokens = app.0.protocol.redeem(authorization, code, redirect.iss.as_deref()).await?;
    app.keep(tokens, Some(nonce)).await
}

/// Serves the port until a request of this sign-in has come and was answered.
async fn redirected(
    listener: &TcpListener,
    authorization: &Authorization,
) -> Result<Redirect, Error> {
    let path = Url::parse(&authorization.redirect_uri).map(|uri| uri.path().to_owned());
    let expected = Arc::new((path.unwrap_or_default(), authorization.state.clone()));
    // Dropped with this future, and all that is under way with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(served) = connections.join_next() => {
                if let Ok(Some(redirect)) = served {
                    return Ok(redirect);
                }
            }
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let (stream, _) = accepted.map_err(|error| {
                    Error::with_source(ErrorKind::Internal, "no connection can be taken", error)
                })?;
                connections.spawn(serve(stream, Arc::clone(&expected)));
            }
        }
    }
}

/// Answers the request of a connection; what it says if it is the one that is waited for.
async fn serve(stream: TcpStream, expected: Arc<(String, String)>) -> Option<Redirect> {
    let redirect = std::sync::Mutex::new(None);
    let service = service_fn(async |request: Request<Incoming>| {
        let (answer, found) = answer(&request, &expected);
        if let Ok(mut redirect) = redirect.lock()
            && found.is_some()
        {
            *redirect = found;
        }
        Ok::<_, Infallible>(answer)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that closes early has sent its request all the same.
    let _: Result<(), hyper::Error> = connection.await;
    redirect.into_inner().ok().flatten()
}

fn answer(
    request: &Request<Incoming>,
    (path, state): &(String, String),
) -> (Response<Full<Bytes>>, Option<Redirect>) {
    let redirect = Redirect::read(request.uri().query().unwrap_or_default());
    let is_ours = request.method() == Method::GET
        && request.uri().path() == path
        && redirect.state.as_ref() == Some(state);
    let page = match (is_ours, &redirect.error) {
        (true, None) if redirect.code.is_some() => CAME_BACK,
        (true, _) => NOT_SIGNED_IN,
        (false, _) => "",
    };
    let mut response = Response::new(Full::new(Bytes::from_static(page.as_bytes())));
    if !is_ours {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return (response, None);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    (response, Some(redirect))
}

impl Redirect {
    fn read(query: &str) -> Self {
        let parameter = |name: &str| {
            let mut values =
                form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
            // Of two, neither is believed.
            let value = values.next()?.1.into_owned();
            values.next().is_none().then_some(value)
        };
        Self {
            code: parameter("code"),
            state: parameter("state"),
            iss: parameter("iss"),
            error: parameter("error"),
        }
    }

    fn belongs_to(&self, authorization: &Authorization) -> bool {
        self.state.as_ref() == Some(&authorization.state)
    }
}

/// Without the address, which has the state.
impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSignIn").finish_non_exhaustive()
    }
}
