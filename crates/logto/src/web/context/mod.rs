//! `Context`: one request, its session, and its pending cookies.

mod adapter;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Reply, Request, SessionEnded, User};
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
    engine: Arc<Engine>,
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

#[derive(Default)]
struct State {
    /// `None` until it is loaded.
    current: Option<SessionLookup>,
    /// The `Set-Cookie` lines of the last change of the session.
    pending: Vec<String>,
    /// Whether the response goes out: a context that is kept beyond it asks each time.
    is_answered: bool,
    /// Whether the response was given cookies of the session.
    sets_cookies: bool,
}

impl Context {
    pub(crate) fn new(engine: Arc<Engine>, request: Request) -> Self {
        Self::with(engine, OnceLock::from(request))
    }

    pub(crate) fn lazy(engine: Arc<Engine>) -> Self {
        Self::with(engine, OnceLock::new())
    }

    fn with(engine: Arc<Engine>, request: OnceLock<Request>) -> Self {
        let (origin, loading, is_protected, is_refused, state) = Default::default();
        Self(Arc::new(Shared { engine, request, origin, loading, is_protected, is_refused, state }))
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

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }

    pub(crate) fn request(&self) -> &Request {
        self.0.request.get_or_init(|| Request::new("", "", [("", "")]))
    }

    /// The origin at which the browser reaches the app.
    pub(crate) fn origin(&self) -> &str {
        let settings = &self.engine().settings;
        if settings.allowed_origins.is_empty() {
            return &settings.origin;
        }
        let other =
            self.0.origin.get_or_init(|| match settings.origin_of(self.request().header("host")) {
                Cow::Borrowed(_) => None,
                Cow::Owned(origin) => Some(origin),
            });
        other.as_deref().unwrap_or(&settings.origin)
    }

    /// The full address of a path of the app, the SDK's routes included.
    pub(crate) fn url(&self, path: &str) -> String {
        self.engine().settings.url(self.origin(), path)
    }

    pub(crate) fn now(&self) -> u64 {
        self.engine().settings.clock.now()
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

    /// Notes that the request is refused unless a user is signed in.
    pub(super) fn protect(&self) {
        self.0.is_protected.store(true, Ordering::Relaxed);
    }

    /// What is to be known of the session of this request, as it is now.
    pub(crate) async fn current<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Result<T, Error> {
        if let Some(known) = self.known(&look).or_else(|| self.load_at_once(&look)) {
            return Ok(known);
        }
        // In a box: most requests need no room for it.
        Box::pin(self.load(look)).await
    }

    /// What is known already. After the response nothing is but that there is no session.
    fn known<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Option<T> {
        let state = self.state();
        let current = state.current.as_ref();
        current.filter(|current| !state.is_answered || current.loaded.is_none()).map(look)
    }

    /// Looks the session up for the first time, if that takes no waiting.
    fn load_at_once<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Option<T> {
        if self.state().current.is_some() {
            return None;
        }
        let sessions = &self.engine().sessions;
        let lookup = sessions.load_at_once(self.sender().trusted_cookies(), self.now())?;
        Some(look(self.state().current.get_or_insert(lookup)))
    }

    async fn load<T>(&self, look: impl Fn(&SessionLookup) -> T) -> Result<T, Error> {
        let one_at_a_time = self.0.loading.lock().await;
        if let Some(known) = self.known(&look) {
            return Ok(known);
        }
        let sessions = &self.engine().sessions;
        let before = self.state().current.as_ref().and_then(|current| current.loaded.clone());
        if let Some(loaded) = before {
            let lookup = sessions.load_again(&loaded, self.now()).await;
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

    /// Completes when the session of this request has ended; at once if there is none.
    pub(super) fn session_ended(&self) -> SessionEnded {
        let loaded = self.state().current.as_ref().and_then(|current| current.loaded.clone());
        loaded.map_or_else(SessionEnded::already, |loaded| self.engine().session_ended(&loaded))
    }

    /// Takes over a session that began or moved on; its cookies are pending.
    pub(crate) fn adopt(&self, loaded: LoadedSession) -> Result<(), Error> {
        let sessions = &self.engine().sessions;
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

    /// Notes that the session has ended, and leaves the browser alone.
    pub(crate) fn mark_ended(&self) {
        self.state().current = Some(SessionLookup::without_session(SessionState::Revoked));
    }

    /// Forgets the session; the removal of its cookies is pending.
    pub(crate) fn forget(&self, why: SessionState) {
        let lines = self.engine().sessions.no_cookies(&self.request().cookies());
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
