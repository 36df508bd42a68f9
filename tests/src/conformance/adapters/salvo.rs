//! The test app in salvo.

use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use logto::{DirectSignIn, SignInOptions, TokenRequest};
use salvo::catcher::Catcher;
use salvo::conn::{Acceptor, Listener, TcpListener};
use salvo::http::{HeaderMap, HeaderValue, StatusCode, StatusError};
use salvo::routing::Filter;
use salvo::routing::filters;
use salvo::{Depot, FlowCtrl, Handler, Request, Response, Router, Server, Service, handler};
use tokio::io;

use super::fifth::{self, Reply};
use crate::conformance::{Adapter, Server as Running, TestApp};

/// salvo, with the adapter of `docs/writing-an-adapter.md`.
#[derive(Debug)]
pub(super) struct Salvo;

impl Adapter for Salvo {
    const NAME: &'static str = "salvo";

    // The least that an adapter can be does not tell.
    const EXCUSED: &'static [&'static str] = &["the SDK's routes were forgotten"];

    async fn serve(app: TestApp) -> Option<Running> {
        let acceptor = TcpListener::new("127.0.0.1:0").bind().await;
        let address = acceptor.holdings()[0].local_addr.clone();
        let address = address.into_std().expect("an address");
        let catcher = Catcher::default().hoop(failed);
        let service = Service::new(router(&app)).catcher(catcher);
        Some(Running::spawn(address, Server::new(acceptor).serve(service)))
    }
}

fn router(app: &TestApp) -> Router {
    let nested = Router::with_path("nested").push(Router::with_path("deep").push(at("page", page)));
    let pages = Router::new()
        .push(at("hello", hello))
        .push(at("page", page))
        .push(nested)
        .push(at("files/{**path}", page))
        .push(Router::with_path("echo").post(echo))
        .push(at("fresh", fresh))
        .push(Router::with_path("fresh").post(fresh))
        .push(at("info", info))
        .push(at("tokens", tokens))
        .push(at("state", state))
        .push(at("hugging-face", hugging_face))
        .push(at("cookies", cookies))
        .push(at("moves", moves))
        .push(at("fails", fails))
        .push(at("stream", Stream(app.clone())))
        .push(at("socket", socket))
        .push(at("plain", plain));
    let pages = match app.bare {
        true => pages,
        false => pages.hoop(fifth::Middleware(app.logto.clone())),
    };
    Router::with_path(app.mounted_at).push(pages).push(fifth::routes(&app.logto))
}

fn at(path: &str, goal: impl Handler) -> Router {
    Router::with_path(path).filter(filters::get().or(filters::head())).goal(goal)
}

#[handler]
async fn hello(depot: &mut Depot) -> Result<String, Reply> {
    Ok(TestApp::greeting(fifth::maybe_user(depot).await?.as_ref()))
}

#[handler]
async fn page(depot: &mut Depot) -> Result<String, Reply> {
    Ok(TestApp::greeting(Some(&fifth::user(depot).await?)))
}

#[handler]
async fn echo(
    request: &mut Request,
    depot: &mut Depot,
    response: &mut Response,
) -> Result<(), Reply> {
    fifth::user(depot).await?;
    let body = request.payload_with_max_size(1 << 20).await;
    response.body(body.expect("the body arrives").clone());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/octet-stream"));
    Ok(())
}

#[handler]
async fn fresh(depot: &mut Depot) -> Result<String, Reply> {
    Ok(TestApp::greeting(Some(&fifth::fresh_user(depot, Duration::from_secs(300)).await?)))
}

#[handler]
async fn info(depot: &mut Depot) -> Result<String, Reply> {
    let user = fifth::user(depot).await?;
    Ok(user.fetch_user_info().await?.sub.clone())
}

#[handler]
async fn tokens(depot: &mut Depot) -> Result<String, Reply> {
    Ok(TestApp::tokens(&fifth::user(depot).await?).await?)
}

#[handler]
async fn state(depot: &mut Depot) -> Result<String, Reply> {
    let auth = fifth::auth(depot)?;
    Ok(format!("{:?}", auth.session_state().await?))
}

#[handler]
async fn hugging_face(depot: &mut Depot) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(fifth::auth(depot)?.sign_in(options).await?.into())
}

#[handler]
async fn cookies(depot: &mut Depot, response: &mut Response) -> Result<&'static str, Reply> {
    fifth::user(depot).await?.access_token(TokenRequest::opaque()).await?;
    for line in ["app-one=1; Path=/", "app-two=2; Path=/"] {
        let headers: &mut HeaderMap = response.headers_mut();
        headers.append("set-cookie", HeaderValue::from_static(line));
    }
    Ok("cookies")
}

#[handler]
async fn moves(depot: &mut Depot, response: &mut Response) -> Result<StatusCode, Reply> {
    fifth::user(depot).await?.access_token(TokenRequest::opaque()).await?;
    let location = HeaderValue::from_static("/elsewhere");
    response.headers_mut().insert("location", location);
    Ok(StatusCode::SEE_OTHER)
}

#[handler]
async fn fails(depot: &mut Depot, response: &mut Response) -> Result<(), Reply> {
    fifth::user(depot).await?.access_token(TokenRequest::opaque()).await?;
    response.render(StatusError::im_a_teapot());
    Ok(())
}

/// salvo writes the bodies of errors last, outside of every middleware.
#[handler]
async fn failed(response: &mut Response, flow: &mut FlowCtrl) {
    if response.status_code == Some(StatusCode::IM_A_TEAPOT) {
        response.render("failed");
        flow.skip_rest();
    }
}

struct Stream(TestApp);

#[handler]
impl Stream {
    async fn handle(&self, depot: &mut Depot, response: &mut Response) -> Result<(), Reply> {
        fifth::user(depot).await?.access_token(TokenRequest::opaque()).await?;
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert("content-type", kind);
        response.stream(self.0.halves().map(Ok::<_, Infallible>));
        Ok(())
    }
}

#[handler]
async fn socket(
    request: &mut Request,
    depot: &mut Depot,
    response: &mut Response,
) -> Result<StatusCode, Reply> {
    fifth::maybe_user(depot).await?;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let upgrade = upgrade.expect("the connection can be upgraded");
    tokio::spawn(async move {
        let upgraded = upgrade.await.expect("the connection is handed over");
        let (mut read, mut write) = io::split(TokioIo::new(upgraded));
        io::copy(&mut read, &mut write).await
    });
    let headers = response.headers_mut();
    headers.insert("connection", HeaderValue::from_static("upgrade"));
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    Ok(StatusCode::SWITCHING_PROTOCOLS)
}

#[handler]
async fn plain(response: &mut Response) -> &'static str {
    let headers = response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("max-age=60"));
    headers.append("set-cookie", HeaderValue::from_static("app-one=1; Path=/"));
    "plain"
}
