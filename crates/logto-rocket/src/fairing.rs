//! The fairing: mounts the routes, registers the catcher, and pays the cookies that are owed.

use logto::Logto;
use logto::web::Route;
use rocket::fairing::{Fairing, Info, Kind, Result};
use rocket::http::uri::Origin;
use rocket::{Build, Data, Request, Response, Rocket};

use crate::catcher::catcher;
use crate::request::{context, view};
use crate::routes::routes;

/// The fairing that the guards need. It mounts `/sign-in`, `/sign-up`, `/callback` and `/sign-out`,
/// at the root and at the path of the base URL if it has one. The launch fails if Rocket cannot mount
/// at that path.
///
/// A prefix for the routes is part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix).
///
/// Whatever the app answers to a refused request stays as it is, be it from a route of the next
/// rank or from a catcher. The fairing answers for a guard only where Rocket would: it registers a
/// catch-all at the root, unless the app has one there.
#[must_use]
pub fn fairing(logto: &Logto) -> LogtoFairing {
    LogtoFairing(logto.clone())
}

/// See [`fairing`].
#[derive(Clone, Debug)]
pub struct LogtoFairing(pub(crate) Logto);

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
        let mut rocket = rocket.mount("/", routes(logto));
        // A proxy may have taken the path of the base URL away, or not.
        if base.path() != "/" {
            rocket = rocket.mount(base, routes(logto));
        }
        Ok(rocket.attach(catcher()).manage(self.clone()))
    }

    /// Rocket logs the address of every request, and a callback's holds a code: only the core sees
    /// that.
    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let Self(logto) = self;
        let callback = logto.route_path(Route::Callback);
        let base = logto.base_url().path().trim_end_matches('/');
        let path = request.uri().path().to_string();
        if (path == callback || path.strip_prefix(base) == Some(&callback))
            && let Ok(without_query) = Origin::parse_owned(path)
        {
            view(request);
            request.set_uri(without_query);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(context) = context(request) else {
            return;
        };
        // Here and not from a guard: Rocket forgets a guard's cookies when a catcher answers.
        let cookies = context.take_cookies().await;
        if !cookies.is_empty() {
            response.set_raw_header("cache-control", "no-store");
        }
        for line in cookies {
            response.adjoin_raw_header("set-cookie", line);
        }
    }
}
