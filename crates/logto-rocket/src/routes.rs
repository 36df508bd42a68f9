//! The SDK's own routes.

use logto::{Logto, web};
use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
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
        let read = async |limit: usize| {
            let body = data.open(limit.into()).into_bytes().await.map_err(drop)?;
            if body.is_complete() { Ok(body.into_inner()) } else { Err(()) }
        };
        let body = route.read_body(read).await;
        let seen = kept(request).get().cloned().unwrap_or_else(|| view(request));
        let reply = logto.handle(*route, seen.with_body(body)).await;
        Outcome::from(request, Reply::from(reply))
    }
}

pub(crate) fn routes(logto: &Logto) -> Vec<Route> {
    let routes = web::Route::ALL.iter().flat_map(|&route| {
        let path = logto.route_path(route);
        METHODS.map(|method| Route::new(method, &path, Endpoint(logto.clone(), route)))
    });
    routes.collect()
}
