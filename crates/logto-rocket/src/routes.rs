//! The SDK's own routes.

use logto::{Logto, web};
use rocket::http::Method::{self, Delete, Get, Head, Options, Patch, Post, Put, Trace};
use rocket::http::uri::Origin;
use rocket::route::{Handler, Outcome, Route};
use rocket::{Build, Data, Request, Rocket, async_trait};

use crate::Reply;
use crate::asked::view;

/// Which methods are answered is for the core to say. `HEAD` by name: Rocket would turn it into
/// `GET`, and whoever only looks would begin a sign-in.
const METHODS: [Method; 8] = [Get, Head, Post, Put, Patch, Delete, Options, Trace];

#[derive(Clone)]
struct Endpoint {
    logto: Logto,
    route: web::Route,
}

#[async_trait]
impl Handler for Endpoint {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let body = data.open(self.route.body_limit().into()).into_bytes().await;
        let whole = body.ok().filter(|body| body.is_complete());
        let body = whole.map(|body| body.into_inner()).unwrap_or_default();
        let request_seen = view(request).with_body(body);
        let reply = self.logto.handle(self.route, request_seen).await;
        Outcome::from(request, Reply::from(reply))
    }
}

/// Mounts the routes where browsers look for them, and at the root: a proxy may have taken the path
/// of the base URL away.
pub(crate) fn mount(mut rocket: Rocket<Build>, logto: &Logto, base: &Origin<'_>) -> Rocket<Build> {
    for route in web::Route::ALL {
        let path = logto.route_path(route);
        let logto = logto.clone();
        let endpoint = Endpoint { logto, route };
        let routes = METHODS.map(|method| Route::new(method, &path, endpoint.clone()));
        if base.path() != "/" {
            rocket = rocket.mount(base.clone(), routes.to_vec());
        }
        rocket = rocket.mount("/", routes);
    }
    rocket
}
