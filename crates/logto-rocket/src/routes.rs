//! The SDK's own routes.

use std::time::Duration;

use logto::{Logto, web};
use rocket::data::{ByteUnit, DataStream};
use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
use rocket::tokio::io::AsyncReadExt;
use rocket::tokio::time::timeout;
use rocket::{Data, Request, async_trait};

use crate::Reply;
use crate::request::{kept, view};

/// What is read and discarded of a body, as the core does where it has the body itself.
const MOST: ByteUnit = ByteUnit::Mebibyte(100);
const LONGEST: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(2);

/// Of the mounted routes. Which methods are answered is for the core to say: the fairing brings any
/// other here as `GET`.
pub(crate) const METHODS: [Method; 2] = [Method::Get, Method::Post];

#[derive(Clone)]
struct Endpoint(Logto, web::Route);

#[async_trait]
impl Handler for Endpoint {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let Self(logto, route) = self;
        let mut data = data.open(MOST);
        let read = async |limit: usize| {
            let mut body = Vec::new();
            let mut start = (&mut data).take(limit as u64 + 1);
            start.read_to_end(&mut body).await.map_err(drop)?;
            if body.len() > limit { Err(()) } else { Ok(body) }
        };
        let body = route.read_body(read).await;
        let seen = kept(request).get().cloned().unwrap_or_else(|| view(request));
        let reply = logto.handle(*route, seen.with_body(body)).await;
        if !request.headers().contains("expect") {
            // Rocket closes a connection with an unread body, and a proxy answers 502 in place of the SDK.
            let _ = timeout(LONGEST, discard(data)).await;
        }
        Outcome::from(request, Reply::from(reply))
    }
}

/// Reads what is left, until nothing comes for a while.
async fn discard(mut data: DataStream<'_>) {
    let mut piece = [0; 8192];
    while let Ok(Ok(1..)) = timeout(PAUSE, data.read(&mut piece)).await {}
}

pub(crate) fn routes(logto: &Logto) -> Vec<Route> {
    let routes = web::Route::ALL.iter().flat_map(|&route| {
        let path = logto.route_path(route);
        METHODS.map(|method| Route::new(method, &path, Endpoint(logto.clone(), route)))
    });
    routes.collect()
}
