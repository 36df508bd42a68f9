//! The middleware: creates the request's context, and adds pending cookies to the response.

use std::io;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use logto::web::{KeptBody, UnreadBody};
use logto::{Logto, web};
use poem::http::header::{EXPECT, SET_COOKIE};
use poem::http::uri::Authority;
use poem::http::{Method, StatusCode, Uri, Version};
use poem::{Body, Endpoint, Error, IntoResponse, Middleware, Request, Response, Result};

use crate::Reply;

/// The middleware that the extractors need, for [`EndpointExt::with`](poem::EndpointExt::with).
///
/// The middleware does not read the request; the first extractor does, and sees the headers as they
/// are then. An error passes as the error it is, for `catch_error` further out; only if
/// cookies are pending does it become its response here, because an error has no headers.
///
/// # Example
///
/// ```
/// use logto_poem::{Logto, User};
/// use poem::{Endpoint, EndpointExt, Route, get, handler};
///
/// #[handler]
/// fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// /// One part of an app: the other parts do not ask who is signed in.
/// fn members(logto: &Logto) -> impl Endpoint {
///     Route::new().at("/profile", get(profile)).with(logto_poem::middleware(logto))
/// }
/// ```
#[must_use]
pub fn middleware(logto: &Logto) -> LogtoMiddleware {
    LogtoMiddleware(logto.clone())
}

/// What [`middleware`] makes, which has an example.
#[derive(Clone, Debug)]
pub struct LogtoMiddleware(Logto);

impl<E: Endpoint> Middleware<E> for LogtoMiddleware {
    type Output = LogtoEndpoint<E>;

    fn transform(&self, inner: E) -> LogtoEndpoint<E> {
        LogtoEndpoint { inner, logto: self.0.clone() }
    }
}

/// The endpoint that [`middleware`] makes.
#[derive(Clone, Debug)]
pub struct LogtoEndpoint<E> {
    inner: E,
    logto: Logto,
}

impl<E: Endpoint> Endpoint for LogtoEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let context = self.logto.lazy_context();
        if context.needs_request(request.method().as_str(), request.uri().path()) {
            context.with_request(|| view(&request));
        }
        request.extensions_mut().insert(Lazy(context.clone()));
        let unread = keep_body(&mut request);
        let answer = self.inner.call(request).await;
        let mut answer = answer.map(IntoResponse::into_response);
        let status = answer.as_ref().map_or_else(Error::status, Response::status);
        let fix = "add `logto_poem::routes(&logto)` to the app's route";
        if let Some(reply) = context.unanswered(status.as_u16(), fix) {
            answer = Ok(Reply::from(reply).into_response());
        }
        if let Some(unread) = unread {
            context.discard_unread(&unread).await;
        }
        let cookies = context.take_cookies().await;
        let Some(caching) = context.caching() else {
            return answer;
        };
        // An error has no headers. It becomes a response where it needs them: for cookies, or where
        // caches might keep it.
        if !cookies.is_empty() || is_cacheable(status) {
            answer = Ok(answer.unwrap_or_else(Error::into_response));
        }
        if let Ok(response) = &mut answer {
            let headers = response.headers_mut();
            caching.set_headers(headers);
            let lines = cookies.into_iter().filter_map(|line| line.try_into().ok());
            headers.extend(lines.map(|line| (SET_COOKIE, line)));
        }
        answer
    }
}

/// Whether caches may keep a response of which nothing else is said (RFC 9110, section 15.1).
fn is_cacheable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// Keeps a handle on a body that the server would otherwise have to cut off if the request is
/// refused.
pub(crate) fn keep_body(request: &mut Request) -> Option<UnreadBody<PoemBody>> {
    if *request.method() == Method::GET
        || request.version() >= Version::HTTP_2
        || request.headers().contains_key(EXPECT)
    {
        return None;
    }
    let body = request.take_body();
    if body.is_empty() {
        request.set_body(body);
        return None;
    }
    let (body, unread) = KeptBody::split(PoemBody::from(body));
    request.set_body(Body::from(PoemBody::new(body)));
    Some(unread)
}

/// What poem's bodies are made of.
type PoemBody = BoxBody<Bytes, io::Error>;

/// The context of this request. The first extractor gives it the request.
#[derive(Clone)]
pub(crate) struct Lazy(pub(crate) web::Context);

/// The request for the core. Nesting takes a prefix off the URI; the original one is what the
/// browser asked for. Only a server sets it: for the requests of poem's test client it is the
/// default one.
pub(crate) fn view(request: &Request) -> web::Request {
    let original = request.original_uri();
    let uri = if *original == Uri::default() { request.uri() } else { original };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    web::Request::new(request.method().as_str(), target, request.headers())
        .with_authority(uri.authority().map(Authority::as_str))
}
