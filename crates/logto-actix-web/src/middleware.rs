//! The middleware: creates the request's context, and adds pending cookies to the response.

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue, SET_COOKIE, VARY};
use actix_web::http::uri::Authority;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest};
use logto::{Logto, web};

use crate::Reply;

/// The middleware that the extractors need, for [`App::wrap`](actix_web::App::wrap) and
/// [`Scope::wrap`](actix_web::Scope::wrap).
///
/// The middleware does not read the request; the first extractor does, and sees the headers as they
/// are then.
///
/// # Example
///
/// ```
/// use actix_web::web::{ServiceConfig, get, scope};
/// use logto_actix_web::{Logto, User};
///
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// /// One part of an app: the other parts do not ask who is signed in.
/// fn members(config: &mut ServiceConfig, logto: &Logto) {
///     let members = scope("/members").wrap(logto_actix_web::middleware(logto));
///     config.service(members.route("/profile", get().to(profile)));
/// }
/// ```
pub fn middleware<S, B>(
    logto: &Logto,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
+ use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let logto = logto.clone();
    from_fn(move |request: ServiceRequest, next| serve(logto.lazy_context(), request, next))
}

async fn serve<B: MessageBody>(
    context: web::Context,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if context.needs_request(request.method().as_str(), request.path()) {
        context.with_request(|| view(request.request()));
    }
    request.extensions_mut().insert(Lazy(context.clone()));
    let mut answer = next.call(request).await;
    if let Ok(response) = &answer {
        let fix = "add `.configure(logto_actix_web::routes(&logto))` to the app";
        if let Some(reply) = context.unanswered(response.status().as_u16(), fix) {
            answer = Err(Reply::from(reply).into());
        }
    }
    let cookies = context.take_cookies().await;
    if let Some(caching) = context.caching() {
        match &mut answer {
            Ok(response) => add_headers(caching, &cookies, response.headers_mut()),
            // The error of a middleware further in has no headers yet.
            Err(error) => error.add_response_mapper(move |mut response| {
                add_headers(caching, &cookies, response.headers_mut());
                response
            }),
        }
    }
    answer
}

fn add_headers(caching: web::Caching, cookies: &[String], headers: &mut HeaderMap) {
    let set = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    if let Some(value) = caching.cache_control(set) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    let set = headers.get(VARY).and_then(|value| value.to_str().ok());
    if let Some(value) = caching.vary(set) {
        headers.append(VARY, HeaderValue::from_static(value));
    }
    let lines = cookies.iter().filter_map(|line| HeaderValue::from_str(line).ok());
    lines.for_each(|line| headers.append(SET_COOKIE, line));
}

/// The context of this request. The first extractor gives it the request.
#[derive(Clone)]
pub(crate) struct Lazy(pub(crate) web::Context);

/// The request for the core. Scopes leave the URI as it is.
pub(crate) fn view(request: &HttpRequest) -> web::Request {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    web::Request::new(request.method().as_str(), target, request.headers())
        .with_authority(request.uri().authority().map(Authority::as_str))
}
