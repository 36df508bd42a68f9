//! The middleware: knows the request, and pays the cookies that are owed.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use axum::extract::{OriginalUri, Request};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use logto::Logto;
use logto::web::{self, Answer, Context};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

/// The layer that the extractors need.
///
/// It covers the routes that were added to the router before it. It opens no session by itself: a
/// route that does not ask who is there costs nothing but the copy of a few headers.
#[must_use]
pub fn layer(logto: &Logto) -> LogtoLayer {
    LogtoLayer(logto.clone())
}

/// See [`layer`].
#[derive(Clone, Debug)]
pub struct LogtoLayer(Logto);

impl<S> Layer<S> for LogtoLayer {
    type Service = LogtoService<S>;

    fn layer(&self, inner: S) -> LogtoService<S> {
        LogtoService {
            inner,
            logto: self.0.clone(),
        }
    }
}

/// The service that [`layer`] makes.
#[derive(Clone, Debug)]
pub struct LogtoService<S> {
    inner: S,
    logto: Logto,
}

impl<S> Service<Request> for LogtoService<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = LogtoFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context = self.logto.context(view(&request));
        request.extensions_mut().insert(context.clone());
        LogtoFuture {
            inner: self.inner.call(request),
            context,
            answered: None,
        }
    }
}

pin_project! {
    /// What [`LogtoService`] answers.
    pub struct LogtoFuture<F> {
        #[pin]
        inner: F,
        context: Context,
        // While nobody knows yet whether the cookies may go out.
        answered: Option<(Response, Answer<Vec<String>>)>,
    }
}

impl<F, R> Future for LogtoFuture<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut response, mut cookies) = match this.answered.take() {
            Some(answered) => answered,
            None => {
                let response = ready!(this.inner.poll(cx))?.into_response();
                (response, this.context.take_cookies())
            }
        };
        match Pin::new(&mut cookies).poll(cx) {
            Poll::Ready(cookies) => {
                pay(&cookies, response.headers_mut());
                Poll::Ready(Ok(response))
            }
            Poll::Pending => {
                *this.answered = Some((response, cookies));
                Poll::Pending
            }
        }
    }
}

fn pay(cookies: &[String], headers: &mut HeaderMap) {
    if cookies.is_empty() {
        return;
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let lines = cookies
        .iter()
        .filter_map(|line| HeaderValue::from_str(line).ok());
    lines.for_each(|line| {
        headers.append(SET_COOKIE, line);
    });
}

impl<F> fmt::Debug for LogtoFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogtoFuture").finish_non_exhaustive()
    }
}

/// The request for the core. Nesting takes a prefix off the URI; the original one is what the
/// browser asked for.
pub(crate) fn view(request: &Request) -> web::Request {
    let original = request.extensions().get::<OriginalUri>();
    let uri = original.map_or_else(|| request.uri(), |OriginalUri(uri)| uri);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    web::Request::new(request.method().as_str(), target, request.headers())
}
