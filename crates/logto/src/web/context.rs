//! `Context`: one request, its session, and its pending cookies.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Caching, MaybeReady, Reply, Request, Route, SessionEnded, User};
use crate::error::Error;
use crate::flow::Engine;
use crate::log_limit::limited;
use crate::oidc::claims::IdTokenClaims;
use crate::session::manager::{LoadedSession, SessionLookup};
use crate::session::{Grant, SessionState};

/// One request, shared by the adapter's middleware, its extractors and the app's handlers.
///
/// It has the operations of Logto's SDK convention. What they change about the session becomes
/// pending cookies, which the adapter's middleware sends with whatever response goes out.
///
/// # Example
///
/// ```
/// use logto::web::{Context, Reply};
///
/// async fn page(context: &Context) -> Result<String, Reply> {
///     // Without a session the `Reply` is a redirect for a user and 401 for a script.
///     let user = context.user().await?;
///     let token = context.access_token("https://api.example.test").await?;
///     Ok(format!("{} has a token until {}", user.sub(), token.expires_at()))
/// }
/// ```
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    logto: Arc<Engine>,
    /// Empty until something asks about it.
    request: OnceLock<Request>,
    /// The origin that the request is for, if it is not that of the base URL.
    origin: OnceLock<Option<String>>,
    /// Held while the session is loaded and that takes time, so that extractors at the same time
    /// look once.
    loading: tokio::sync::Mutex<()>,
    /// Whether the request is refused unless a user is signed in.
    is_protected: AtomicBool,
    /// Whether the SDK answered in place of the handler.
    is_refused: AtomicBool,
    state: Mutex<State>,
}

/// The routes that users open in a browser.
const OPENED: [Route; 3] = [Route::SignIn, Route::SignUp, Route::Callback];

#[derive(Default)]
struct State {
    /// `None` until it is loaded.
    current: Option<SessionLookup>,
    /// The `Set-Cookie` lines of the last change of the session.
    pending: Vec<String>,
    /// Whether the response goes out: a context that is kept beyond it asks each time.
    is_answered: bool,
}

impl Context {
    pub(crate) fn new(logto: Arc<Engine>, request: Request) -> Self {
        Self::with(logto, OnceLock::from(request))
    }

    pub(crate) fn lazy(logto: Arc<Engine>) -> Self {
        Self::with(logto, OnceLock::new())
    }

    fn with(logto: Arc<Engine>, request: OnceLock<Request>) -> Self {
        let (origin, loading, is_protected, is_refused, state) = Default::default();
        Self(Arc::new(Shared { logto, request, origin, loading, is_protected, is_refused, state }))
    }

    /// Gives a [lazy](crate::Logto::lazy_context) context its request, unless it has one.
    /// Extractors do that first; without a request there is no session.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    /// use logto::web::Request;
    ///
    /// # async fn example(logto: &Logto) -> Result<(), logto::Error> {
    /// let context = logto.lazy_context();
    /// // Later, in an extractor:
    /// let context = context.with_request(|| Request::new("GET", "/", [("accept", "*/*")]));
    /// let is_signed_in = context.is_authenticated().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_request(&self, view: impl FnOnce() -> Request) -> &Self {
        self.0.request.get_or_init(view);
        self
    }

    pub(crate) fn logto(&self) -> &Arc<Engine> {
        &self.0.logto
    }

    pub(crate) fn request(&self) -> &Request {
        self.0.request.get_or_init(|| Request::new("", "", [("", "")]))
    }

    /// The origin at which the browser reaches the app.
    pub(crate) fn origin(&self) -> &str {
        let settings = &self.logto().settings;
        let other =
            self.0.origin.get_or_init(|| match settings.origin_of(self.request().header("host")) {
                Cow::Borrowed(_) => None,
                Cow::Owned(origin) => Some(origin),
            });
        other.as_deref().unwrap_or(&settings.origin)
    }

    /// The full address of a path of the app, the SDK's routes included.
    pub(crate) fn url(&self, path: &str) -> String {
        self.logto().settings.url(self.origin(), path)
    }

    pub(crate) fn now(&self) -> u64 {
        self.logto().settings.clock.now()
    }

    /// Whether a user is signed in. As in every Logto SDK this looks at the session alone; the
    /// session does not end with the ID token's hour.
    ///
    /// While a request is answered, the session is looked up once. A context that is kept longer,
    /// for a WebSocket or a stream, asks the store each time and tells what holds now; to be
    /// told, there is [`session_ended`](User::session_ended).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if that cannot be known,
    /// because the session's store does not answer.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// use logto::web::Request;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// // In an app the context comes from the framework.
    /// let context = logto.context(Request::new("GET", "/", [("accept", "text/html")]));
    /// let menu = if context.is_authenticated().await? { "Sign out" } else { "Sign in" };
    /// assert_eq!(menu, "Sign in");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn is_authenticated(&self) -> Result<bool, Error> {
        Ok(self.session_state().await? == SessionState::SignedIn)
    }

    /// Whether a user is signed in, and if not, why.
    ///
    /// # Errors
    ///
    /// As [`is_authenticated`](Self::is_authenticated).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// use logto::web::{Request, SessionState};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// let context = logto.context(Request::new("GET", "/", [("accept", "text/html")]));
    /// assert_eq!(context.session_state().await?, SessionState::SignedOut);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn session_state(&self) -> Result<SessionState, Error> {
        self.current(|current| current.state).await
    }

    /// The claims of the session's ID token, if a user is signed in.
    ///
    /// # Errors
    ///
    /// As [`is_authenticated`](Self::is_authenticated).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::Context;
    /// async fn language(context: &Context) -> Result<String, logto::Error> {
    ///     let claims = context.id_token_claims().await?;
    ///     let locale = claims.as_ref().and_then(|claims| claims.locale.as_deref());
    ///     Ok(locale.unwrap_or("en").to_owned())
    /// }
    /// ```
    pub async fn id_token_claims(&self) -> Result<Option<Arc<IdTokenClaims>>, Error> {
        let grant = self.grant().await?;
        Ok(grant.map(|grant| Arc::clone(grant.claims())))
    }

    /// What Logto granted to the signed-in user.
    pub(super) async fn grant(&self) -> Result<Option<Arc<Grant>>, Error> {
        self.current(|current| {
            let loaded = current.loaded.as_ref();
            loaded.map(|loaded| Arc::clone(&loaded.session.grant))
        })
        .await
    }

    /// The signed-in user.
    ///
    /// # Errors
    ///
    /// The answer that this request gets instead: a redirect to sign-in and back for a user who
    /// opens a page, 401 for anything else.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::{Logto, LogtoConfig};
    /// use logto::web::{Context, Reply, Request};
    ///
    /// async fn profile(context: &Context) -> Result<String, Reply> {
    ///     let user = context.user().await?;
    ///     Ok(format!("You are {}", user.sub()))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please");
    /// # let logto = Logto::new(config)?;
    /// // A script that brings no session.
    /// let context = logto.context(Request::new("GET", "/profile", [("accept", "application/json")]));
    /// assert_eq!(profile(&context).await.map_err(|reply| reply.status()), Err(401));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user(&self) -> Result<User, Reply> {
        self.protect();
        self.maybe_user().await?.ok_or_else(|| self.refuse())
    }

    /// The signed-in user, or `None`.
    ///
    /// # Errors
    ///
    /// The response when it cannot be known who makes the request, because the session's store
    /// does not answer.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::{Context, Reply};
    /// async fn home(context: &Context) -> Result<String, Reply> {
    ///     Ok(match context.maybe_user().await? {
    ///         Some(user) => format!("Hello {}", user.name().unwrap_or("you")),
    ///         None => "Hello visitor".to_owned(),
    ///     })
    /// }
    /// ```
    pub async fn maybe_user(&self) -> Result<Option<User>, Reply> {
        let grant = self.grant().await?;
        Ok(grant.map(|grant| User::new(grant, self.clone())))
    }

    /// Whether anything was asked: if not, the response needs nothing from here.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.request.get().is_some()
    }

    /// Whether the adapter's middleware has to give the context its request before the handler:
    /// because the path looks like one of the SDK's own routes, which the app may not
    /// [serve](Self::unanswered), or because the framework may show the handler a HEAD request
    /// as GET.
    #[must_use]
    pub fn needs_request(&self, method: &str, path: &str) -> bool {
        method == "HEAD" || OPENED.iter().any(|route| path.ends_with(route.path()))
    }

    /// Notes that the request is refused unless a user is signed in.
    pub(super) fn protect(&self) {
        self.0.is_protected.store(true, Ordering::Relaxed);
    }

    /// Notes that the request is refused. The context notes its own refusals; this is for those of
    /// an [`Api`](crate::resource_server::Api), before
    /// [`discard_unread`](Self::discard_unread).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{AccessTokenClaims, Api, Policy};
    /// use logto::web::{Context, Reply};
    ///
    /// /// An extractor for routes of an API.
    /// async fn authorized(
    ///     context: &Context,
    ///     api: &Api,
    ///     header: &str,
    /// ) -> Result<AccessTokenClaims, Reply> {
    ///     let claims = api.authorize(&Policy::new(), [header], None).await;
    ///     claims.map_err(|error| {
    ///         context.note_refusal();
    ///         Reply::from(error)
    ///     })
    /// }
    /// ```
    pub fn note_refusal(&self) {
        self.0.is_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_refused(&self) -> bool {
        self.0.is_refused.load(Ordering::Relaxed)
    }

    /// The response in place of a 404 to one of the SDK's own routes, which the app does not serve
    /// then. The adapter's middleware asks after the handler, with the status of the response.
    ///
    /// `fix` is what to write in the framework, for the log. A context that has no request yet has
    /// none to answer: see [`needs_request`](Self::needs_request).
    #[must_use]
    pub fn unanswered(&self, status: u16, fix: &str) -> Option<Reply> {
        let request = self.0.request.get()?;
        if status != 404 || request.method() != "GET" {
            return None;
        }
        // Only the very address: another one, with a slash more, is not what the app forgot.
        let settings = &self.logto().settings;
        let path = request.path();
        let inside = path.strip_prefix(settings.base_path.as_str()).unwrap_or(path);
        let route = OPENED.iter().find(|route| {
            let mounted = settings.mounted(**route);
            mounted == path || mounted == inside
        })?;
        Some(self.page_of_no_route(*route, fix))
    }

    /// What the response must tell caches; `None` while nothing asked for the session. The adapter
    /// asks after the handler.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Context;
    ///
    /// /// What the middleware of an adapter adds, if the handler asked who is signed in.
    /// fn headers(context: &Context, set: Option<&str>) -> Vec<(&'static str, &'static str)> {
    ///     let Some(caching) = context.caching() else { return Vec::new() };
    ///     caching.cache_control(set).map(|value| ("cache-control", value)).into_iter().collect()
    /// }
    /// ```
    #[must_use]
    pub fn caching(&self) -> Option<Caching> {
        self.0.request.get()?;
        let is_protected = self.0.is_protected.load(Ordering::Relaxed);
        let was_asked = is_protected || self.state().current.is_some();
        was_asked.then_some(Caching { is_protected })
    }

    /// Takes out the pending `Set-Cookie` lines. The adapter appends them to the response, after
    /// the handler, whatever the response is.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Logto;
    /// use logto::web::Request;
    ///
    /// # type Response = (u16, Vec<(&'static str, std::borrow::Cow<'static, str>)>);
    /// # async fn handler(_: &logto::web::Context) -> Response { (404, Vec::new()) }
    /// /// What the middleware of an adapter does.
    /// async fn middleware(logto: &Logto, method: &str, path: &str) -> Response {
    ///     let context = logto.lazy_context();
    ///     if context.needs_request(method, path) {
    ///         context.with_request(|| Request::new(method, path, [("accept", "*/*")]));
    ///     }
    ///     let (mut status, mut headers) = handler(&context).await;
    ///     if let Some(reply) = context.unanswered(status, "mount `logto.routes()`") {
    ///         (status, headers) = (reply.status(), reply.headers().to_vec());
    ///     }
    ///     if context.is_asked() {
    ///         let cookies = context.take_cookies().await;
    ///         headers.extend(cookies.into_iter().map(|cookie| ("set-cookie", cookie.into())));
    ///     }
    ///     (status, headers)
    /// }
    /// ```
    pub fn take_cookies(&self) -> MaybeReady<Vec<String>> {
        if self.0.request.get().is_none() {
            return MaybeReady::known(Vec::new());
        }
        let mut state = self.state();
        state.is_answered = true;
        let pending = mem::take(&mut state.pending);
        let loaded = state.current.as_ref().and_then(|current| current.loaded.as_ref());
        let Some(loaded) = loaded.filter(|_| !pending.is_empty()).cloned() else {
            return MaybeReady::known(pending);
        };
        let context = self.clone();
        MaybeReady::waiting(async move {
            match context.has_ended(&loaded).await {
                // Signed out by another request while this one was answered: nothing of this
                // session must reach the browser any more.
                true => Vec::new(),
                false => pending,
            }
        })
    }

    async fn has_ended(&self, loaded: &LoadedSession) -> bool {
        let latest = self.logto().sessions.latest(loaded).await;
        latest.is_err_and(|error| error.needs_sign_in())
    }

    /// What is to be known of the session of this request, as it is now.
    pub(crate) async fn current<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Result<T, Error> {
        if let Some(known) = self.known(&look) {
            return Ok(known);
        }
        let sessions = &self.logto().sessions;
        let mut one_at_a_time = None;
        if !sessions.load_at_once() {
            one_at_a_time = Some(self.0.loading.lock().await);
            if let Some(known) = self.known(&look) {
                return Ok(known);
            }
        }
        let before = self.state().current.as_ref().and_then(|current| current.loaded.clone());
        if let Some(loaded) = before {
            let lookup = Box::pin(sessions.load_again(&loaded, self.now())).await;
            let lookup = lookup.map_err(|error| self.failed("load_session", error))?;
            return Ok(look(self.state().current.insert(lookup)));
        }
        let lookup = sessions.load(self.sender().trusted_cookies(), self.now()).await;
        let lookup = lookup.map_err(|error| self.failed("load_session", error))?;
        if let Some(loaded) = lookup.loaded.as_ref().filter(|_| lookup.needs_cookie)
            && let Err(error) = self.adopt(loaded.clone())
        {
            limited!(warn, %error, "failed to renew the session cookie");
        }
        let known = look(self.state().current.get_or_insert(lookup));
        drop(one_at_a_time);
        Ok(known)
    }

    pub(crate) async fn loaded_session(&self) -> Result<Option<LoadedSession>, Error> {
        self.current(|current| current.loaded.clone()).await
    }

    /// What is known already. After the response nothing is but that there is no session.
    fn known<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Option<T> {
        let state = self.state();
        let current = state.current.as_ref();
        current.filter(|current| !state.is_answered || current.loaded.is_none()).map(look)
    }

    /// Completes when the session of this request has ended; at once if there is none.
    pub(super) fn session_ended(&self) -> SessionEnded {
        let loaded = self.state().current.as_ref().and_then(|current| current.loaded.clone());
        loaded.map_or_else(SessionEnded::already, |loaded| self.logto().session_ended(&loaded))
    }

    /// Takes over a session that began or moved on; its cookies are pending.
    pub(crate) fn adopt(&self, loaded: LoadedSession) -> Result<(), Error> {
        let sessions = &self.logto().sessions;
        let lines = sessions.cookies(&loaded, &self.request().cookies(), self.now())?;
        let mut state = self.state();
        state.current = Some(SessionLookup::signed_in(loaded));
        state.pending = lines;
        Ok(())
    }

    /// Takes over a session that moved on in its store.
    pub(crate) fn update(&self, loaded: LoadedSession) {
        self.state().current = Some(SessionLookup::signed_in(loaded));
    }

    /// Notes that the session is over, and leaves the browser alone.
    pub(crate) fn mark_ended(&self) {
        self.state().current = Some(SessionLookup::without_session(SessionState::Revoked));
    }

    /// Forgets the session; the removal of its cookies is pending.
    pub(crate) fn forget(&self, why: SessionState) {
        let lines = self.logto().sessions.no_cookies(&self.request().cookies());
        let mut state = self.state();
        state.current = Some(SessionLookup::without_session(why));
        state.pending = lines;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("request", &self.0.request.get()).finish_non_exhaustive()
    }
}
