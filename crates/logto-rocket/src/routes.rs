//! The SDK's own routes.

use std::pin::Pin;
use std::task::{Context, Poll};

use logto::web::discard_body;
use logto::{Logto, web};
use rocket::data::{ByteUnit, DataStream};
use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
use rocket::tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use rocket::{Data, Request, async_trait};

use crate::Reply;
use crate::request::{kept, view};

/// Of the mounted routes. Which methods are answered is for the core to say: the fairing brings any
/// other here as `GET`.
pub(crate) const METHODS: [Method; 2] = [Method::Get, Method::Post];

#[derive(Clone)]
struct Endpoint(Logto, web::Route);

#[async_trait]
impl Handler for Endpoint {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let Self(logto, route) = self;
        let mut data = data.open(ByteUnit::max_value());
        let read = async |limit: usize| {
            let mut body = Vec::new();
            let mut start = (&mut data).take(limit as u64 + 1);
            start.read_to_end(&mut body).await.map_err(drop)?;
            if body.len() > limit { Err(()) } else { Ok(body) }
        };
        let seen = kept(request).get().cloned().unwrap_or_else(|| view(request));
        let body = logto.read_body(*route, &seen, read).await;
        let reply = logto.handle(*route, seen.with_body(body)).await;
        if !request.headers().contains("expect") {
            // Rocket closes a connection with an unread body, and a proxy answers 502 in place of
            // the SDK.
            let mut piece = [0; 8192];
            discard_body(|cx| poll_length(&mut data, &mut piece, cx)).await;
        }
        Outcome::from(request, Reply::from(reply))
    }
}

fn poll_length(
    data: &mut DataStream<'_>,
    piece: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<Option<usize>> {
    let mut piece = ReadBuf::new(piece);
    let read = Pin::new(data).poll_read(cx, &mut piece);
    read.map(|read| read.ok().map(|()| piece.filled().len()).filter(|length| *length > 0))
}

pub(crate) fn routes(logto: &Logto) -> Vec<Route> {
    let routes = web::Route::ALL.iter().flat_map(|&route| {
        let path = logto.route_path(route);
        METHODS.map(|method| Route::new(method, &path, Endpoint(logto.clone(), route)))
    });
    routes.collect()
}
