//! A proxy in front of the instances.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const MAX_BODY: usize = 1024 * 1024;

/// Hands requests out in turn. An instance that cannot be connected to is passed over.
#[derive(Debug)]
pub(super) struct Proxy {
    routes: Arc<Routes>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Routes {
    client: reqwest::Client,
    instances: Vec<u16>,
    next: AtomicUsize,
}

impl Proxy {
    pub(super) async fn start(port: u16, instances: Vec<u16>) -> Self {
        let routes = Arc::new(Routes {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("an HTTP client"),
            instances,
            next: AtomicUsize::new(0),
        });
        let app = Router::new().fallback(forward).with_state(Arc::clone(&routes));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .expect("a free port for the proxy");
        let serving = tokio::spawn(async { axum::serve(listener, app).await.expect("a proxy") });
        Self { routes, serving }
    }

    /// Lets this instance have the next request.
    pub(super) fn next_is(&self, instance: usize) {
        self.routes.next.store(instance, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(State(routes): State<Arc<Routes>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut headers = parts.headers;
    headers.remove(header::CONNECTION);
    let turn = routes.next.fetch_add(1, Ordering::Relaxed);
    for attempt in 0..routes.instances.len() {
        let port = routes.instances[(turn + attempt) % routes.instances.len()];
        let url = format!("http://127.0.0.1:{port}{}", parts.uri);
        let request = routes.client.request(parts.method.clone(), url).headers(headers.clone());
        let request = match parts.method {
            Method::GET => request,
            _ => request.body(body.clone()),
        };
        match request.send().await {
            Ok(answer) => return passed_on(answer).await,
            Err(error) if error.is_connect() => {}
            Err(_) => break,
        }
    }
    StatusCode::BAD_GATEWAY.into_response()
}

async fn passed_on(answer: reqwest::Response) -> Response {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    match answer.bytes().await {
        Ok(body) => (status, headers, Body::from(body)).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
