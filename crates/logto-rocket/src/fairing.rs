//! The fairing: mounts the routes, answers refusals, and pays the cookies that are owed.

use std::io::Cursor;

use logto::Logto;
use logto::web::Route;
use rocket::catcher::Catcher;
use rocket::fairing::{Fairing, Info, Kind, Result};
use rocket::http::uri::Origin;
use rocket::{Build, Data, Request, Response, Rocket};

use crate::asked::{Asked, Client, hide_query};
use crate::routes::mount;

/// The fairing that the guards need. It mounts `/sign-in`, `/sign-up`, `/callback` and `/sign-out`,
/// at the root and at the path of the base URL if it has one. The launch fails if Rocket cannot mount
/// at that path.
///
/// A prefix for the routes is part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix).
///
/// Whatever the app answers to a refused request stays as it is, be it from a route of the next
/// rank or from a catcher. The fairing answers for a guard only where the response is, byte for
/// byte, the page that Rocket has for that status. Attach it before fairings that change bodies.
#[must_use]
pub fn fairing(logto: &Logto) -> LogtoFairing {
    LogtoFairing(logto.clone())
}

/// See [`fairing`].
#[derive(Clone, Debug)]
pub struct LogtoFairing(Logto);

#[rocket::async_trait]
impl Fairing for LogtoFairing {
    fn info(&self) -> Info {
        Info {
            name: "Logto",
            kind: Kind::Ignite | Kind::Request | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Result {
        let Self(logto) = self;
        let Ok(base) = Origin::parse(logto.base_url().path()) else {
            return Err(rocket);
        };
        Ok(mount(rocket, logto, &base).manage(Client(logto.clone())))
    }

    /// Rocket logs the address of every request, and a callback's holds a code.
    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let Self(logto) = self;
        let callback = logto.route_path(Route::Callback);
        let base = logto.base_url().path().trim_end_matches('/');
        let path = request.uri().path().as_str();
        if path == callback || path.strip_prefix(base) == Some(&callback) {
            hide_query(request);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(asked) = Asked::of(request) else {
            return;
        };
        if let Some((status, reply)) = asked.refusal.get()
            && response.status() == *status
            && is_rockets_own(request, response).await
        {
            response.remove_header("content-type");
            response.merge(reply.clone().into_response());
        }
        // Here and not from a guard: Rocket forgets a guard's cookies when a catcher answers.
        let cookies = asked.context.take_cookies().await;
        if !cookies.is_empty() {
            response.set_raw_header("cache-control", "no-store");
        }
        for line in cookies {
            response.adjoin_raw_header("set-cookie", line);
        }
    }
}

/// Whether neither a route nor a catcher of the app answered.
async fn is_rockets_own<'r>(request: &'r Request<'_>, response: &mut Response<'r>) -> bool {
    let rockets = Catcher::default();
    let page = rockets.handler.handle(response.status(), request).await;
    let (Ok(mut page), Some(size)) = (page, response.body().preset_size()) else {
        // A body of unknown size may be a stream, and is not Rocket's.
        return false;
    };
    if page.body().preset_size() != Some(size) {
        return false;
    }
    let body = response.body_mut().to_bytes().await.unwrap_or_default();
    let page = page.body_mut().to_bytes().await;
    let same = page.is_ok_and(|page| page == body);
    response.set_sized_body(body.len(), Cursor::new(body));
    same
}
