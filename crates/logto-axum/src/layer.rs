//! The middleware: creates the request's context, and adds pending cookies to the response.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::extract::{OriginalUri, Request};
use axum::http::header::{EXPECT, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Method, Version};
use axum::response::{IntoResponse, Response};
use logto::Logto;
use logto::web::{self, Context, KeptBody, MaybeReady, UnreadBody};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::Reply;

/// The layer that the extractors need.
///
/// It covers the routes that were added to the router before it. The layer does not read the
/// request; the first extractor does, and sees the headers as they are then.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_axum::{Logto, User};
///
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// fn app(logto: &Logto) -> Router {
///     Router::new()
///         .route("/profile", get(profile))
///         .merge(logto_axum::routes(logto))
///         .layer(logto_axum::layer(logto))
/// }
/// ```
#[must_use]
pub fn layer(logto: &Logto) -> LogtoLayer {
    LogtoLayer(logto.clone())
}

/// What [`layer`] makes, which has an example.
#[derive(Clone, Debug)]
pub struct LogtoLayer(Logto);

impl<S> Layer<S> for LogtoLayer {
    type Service = LogtoService<S>;

    fn layer(&self, inner: S) -> LogtoService<S> {
        LogtoService { inner, logto: self.0.clone() }
    }
}

/// The service that [`layer`] makes.
#[derive(Clone, Debug)]
pub struct LogtoService<S> {
    inner: S,
    logto: Logto,
}

impl<S: Service<Request, Response: IntoResponse>> Service<Request> for LogtoService<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = LogtoFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context = self.logto.lazy_context();
        if context.needs_request(request.method().as_str(), request.uri().path()) {
            let (parts, body) = request.into_parts();
            context.with_request(|| view(&parts));
            request = Request::from_parts(parts, body);
        }
        request.extensions_mut().insert(Lazy(context.clone()));
        let (request, unread) = keep_body(request);
        LogtoFuture {
            inner: self.inner.call(request),
            context,
            unread,
            discarding: None,
            answered: None,
        }
    }
}

/// Keeps a handle on a body that the server would otherwise have to cut off if the request is
/// refused.
pub(crate) fn keep_body(request: Request) -> (Request, Option<UnreadBody<Body>>) {
    let has_none = *request.method() == Method::GET || request.body().is_end_stream();
    if has_none || request.version() >= Version::HTTP_2 || request.headers().contains_key(EXPECT) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let (body, unread) = KeptBody::split(body);
    (Request::from_parts(parts, Body::new(body)), Some(unread))
}

pin_project! {
    /// What [`LogtoService`] answers.
    pub struct LogtoFuture<F> {
        #[pin]
        inner: F,
        context: Context,
        unread: Option<UnreadBody<Body>>,
        // While the rest of a refused request is read.
        discarding: Option<MaybeReady<()>>,
        // While it is not known yet whether the cookies may be sent.
        answered: Option<(Response, MaybeReady<Vec<String>>)>,
    }
}

impl<F, R: IntoResponse, E> Future for LogtoFuture<F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (response, cookies) = match this.answered {
            Some(answered) => answered,
            None => {
                let response = ready!(this.inner.poll(cx))?.into_response();
                let fix = "merge `logto_axum::routes(&logto)` into the router";
                let instead = this.context.unanswered(response.status().as_u16(), fix);
                let response = instead.map_or(response, |reply| Reply::from(reply).into_response());
                let unread = this.unread.take();
                *this.discarding = unread.map(|unread| this.context.discard_unread(&unread));
                if !this.context.is_asked() && this.discarding.is_none() {
                    return Poll::Ready(Ok(response));
                }
                this.answered.insert((response, this.context.take_cookies()))
            }
        };
        if let Some(discarding) = this.discarding {
            ready!(Pin::new(discarding).poll(cx));
            *this.discarding = None;
        }
        let cookies = ready!(Pin::new(cookies).poll(cx));
        let mut response = mem::take(response);
        let headers = response.headers_mut();
        if let Some(caching) = this.context.caching() {
            caching.set_headers(headers);
        }
        if !cookies.is_empty() {
            let lines = cookies.into_iter().filter_map(|line| line.try_into().ok());
            headers.extend(lines.map(|line| (SET_COOKIE, line)));
        }
        Poll::Ready(Ok(response))
    }
}

/// Not the response: its headers may hold secrets.
impl<F> fmt::Debug for LogtoFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogtoFuture").finish_non_exhaustive()
    }
}

/// The context of this request. The first extractor gives it the request.
#[derive(Clone)]
pub(crate) struct Lazy(pub(crate) Context);

/// The request for the core. Nesting takes a prefix off the URI; the original one is what the
/// browser asked for.
pub(crate) fn view(parts: &Parts) -> web::Request {
    let original = parts.extensions.get::<OriginalUri>();
    let uri = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    web::Request::new(parts.method.as_str(), target, &parts.headers)
        .with_authority(parts.uri.authority().map(Authority::as_str))
}
