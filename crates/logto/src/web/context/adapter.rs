//! What an adapter asks of a `Context` before and after the handler.

use std::mem;
use std::sync::atomic::Ordering;

use super::Context;
use crate::session::manager::LoadedSession;
use crate::web::{Caching, MaybeReady, Reply, Route};

/// The routes that users open in a browser.
const OPENED: [Route; 3] = [Route::SignIn, Route::SignUp, Route::Callback];

impl Context {
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

    pub(in crate::web) fn is_refused(&self) -> bool {
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
        let settings = &self.engine().settings;
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
        let state = self.state();
        let sets_cookies = state.sets_cookies || !state.pending.is_empty();
        let was_asked = is_protected || sets_cookies || state.current.is_some();
        was_asked.then_some(Caching { is_protected, sets_cookies })
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
    /// # type Response = (u16, Vec<(&'static str, String)>);
    /// # async fn handler(_: &logto::web::Context) -> Response { (404, Vec::new()) }
    /// /// What the middleware of an adapter does.
    /// async fn middleware(logto: &Logto, method: &str, path: &str) -> Response {
    ///     let context = logto.lazy_context();
    ///     if context.needs_request(method, path) {
    ///         context.with_request(|| Request::new(method, path, [("accept", "*/*")]));
    ///     }
    ///     let (mut status, mut headers) = handler(&context).await;
    ///     if let Some(reply) = context.unanswered(status, "mount `logto.routes()`") {
    ///         status = reply.status();
    ///         headers = reply.headers().map(|(name, value)| (name, value.to_owned())).collect();
    ///     }
    ///     if context.is_asked() {
    ///         let cookies = context.take_cookies().await;
    ///         headers.extend(cookies.into_iter().map(|cookie| ("set-cookie", cookie)));
    ///     }
    ///     if let Some(caching) = context.caching() {
    ///         let of = |name| headers.iter().find(|(known, _)| *known == name).map(|(_, it)| it.as_str());
    ///         let (control, vary) = (caching.cache_control(of("cache-control")), caching.vary(of("vary")));
    ///         headers.retain(|(name, _)| control.is_none() || *name != "cache-control");
    ///         headers.extend(control.map(|value| ("cache-control", value.to_owned())));
    ///         headers.extend(vary.map(|value| ("vary", value.to_owned())));
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
        state.sets_cookies |= !pending.is_empty();
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
        let latest = self.engine().sessions.latest(loaded).await;
        latest.is_err_and(|error| error.needs_sign_in())
    }
}
