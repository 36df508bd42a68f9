//! The middleware: knows the request, and pays the cookies that are owed.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll};

use axum::extract::{OriginalUri, Request};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use logto::{Logto, web};
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
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // The clone that was polled ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let context = self.logto.context(view(&request));
        request.extensions_mut().insert(context.clone());
        Box::pin(async move {
            let mut response = inner.call(request).await?.into_response();
            let cookies = context.take_cookies().await;
            if !cookies.is_empty() {
                let headers = response.headers_mut();
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                let lines = cookies
                    .iter()
                    .filter_map(|line| HeaderValue::from_str(line).ok());
                lines.for_each(|line| {
                    headers.append(SET_COOKIE, line);
                });
            }
            Ok(response)
        })
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
