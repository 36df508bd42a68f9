//! An adapter for salvo, whole: the example of `docs/writing-an-adapter.md`.

use std::task;
use std::time::Duration;

use futures::StreamExt;
use logto::web::{self, Context, Route, discard_body};
use logto::{Error, Logto};
use salvo::http::header::{HeaderName, SET_COOKIE};
use salvo::http::uri::Authority;
use salvo::http::{HeaderValue, StatusCode};
use salvo::{Depot, FlowCtrl, Handler, Request, Response, Router, Scribe, async_trait};

// 1. The request, as the core sees it.
fn view(request: &Request) -> web::Request {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    web::Request::new(request.method().as_str(), target, request.headers())
        .with_authority(request.uri().authority().map(Authority::as_str))
}

/// An answer of the SDK, for handlers to return.
#[derive(Debug)]
pub(super) struct Reply(web::Reply);

impl From<web::Reply> for Reply {
    fn from(reply: web::Reply) -> Self {
        Self(reply)
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

// 2. The core's answer, as a response.
impl Scribe for Reply {
    fn render(self, response: &mut Response) {
        let status = StatusCode::from_u16(self.0.status());
        response.status_code(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        for (name, value) in self.0.headers() {
            append(response, name, value);
        }
        response.body(self.0.into_body());
    }
}

fn append(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let name = HeaderName::from_static(name);
        response.headers_mut().append(name, value);
    }
}

// 3. The SDK's own routes, with every method.
pub(super) fn routes(logto: &Logto) -> Router {
    Route::ALL.iter().fold(Router::new(), |router, &route| {
        let goal = SdkRoute(logto.clone(), route);
        router.push(Router::with_path(logto.route_path(route)).goal(goal))
    })
}

struct SdkRoute(Logto, Route);

/// Bytes of a body that is read, at most.
const MOST: usize = 64 << 20;

#[async_trait]
impl Handler for SdkRoute {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        _: &mut FlowCtrl,
    ) {
        let Self(logto, route) = self;
        let seen = view(request);
        let read = async |limit| {
            // To its end, or else the client may not read the answer.
            let body = request.payload_with_max_size(MOST).await.ok();
            body.filter(|body| body.len() <= limit).map(|body| body.to_vec()).ok_or(())
        };
        let body = logto.read_body(*route, &seen, read).await;
        response.render(Reply(logto.handle(*route, seen.with_body(body)).await));
        // What no one read, for the same reason.
        let rest = request.body_mut();
        let poll_length = |cx: &mut task::Context<'_>| {
            let frame = rest.poll_next_unpin(cx);
            frame.map(|frame| Some(frame?.ok()?.data_ref().map_or(0, |data| data.len())))
        };
        discard_body(poll_length).await;
    }
}

// 4. The middleware: the context goes in before the handler, the cookies go out after it.
pub(super) struct Middleware(pub(super) Logto);

#[async_trait]
impl Handler for Middleware {
    async fn handle(
        &self,
        request: &mut Request,
        depot: &mut Depot,
        response: &mut Response,
        flow: &mut FlowCtrl,
    ) {
        let context = self.0.context(view(request));
        depot.insert_typed(context.clone());
        flow.call_next(request, depot, response).await;
        let cookies = context.take_cookies().await;
        if let Some(caching) = context.caching() {
            caching.set_headers(response.headers_mut());
        }
        for line in cookies {
            append(response, SET_COOKIE.as_str(), &line);
        }
    }
}

// 5. What handlers ask for.
pub(super) fn auth(depot: &Depot) -> Result<Context, Reply> {
    let context = depot.get_typed::<Context>().ok().cloned();
    context.ok_or_else(|| {
        // A depot does not know the path.
        web::Reply::not_mounted("", "hoop the middleware to the router").into()
    })
}

pub(super) async fn maybe_user(depot: &Depot) -> Result<Option<web::User>, Reply> {
    Ok(auth(depot)?.maybe_user().await?)
}

pub(super) async fn user(depot: &Depot) -> Result<web::User, Reply> {
    Ok(auth(depot)?.user().await?)
}

pub(super) async fn fresh_user(depot: &Depot, max_age: Duration) -> Result<web::User, Reply> {
    Ok(auth(depot)?.fresh_user(max_age).await?)
}
