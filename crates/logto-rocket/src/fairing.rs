//! The fairing: mounts the routes, registers the catcher, and adds pending cookies to the response.

use logto::Logto;
use rocket::config::LogLevel;
use rocket::fairing::{Fairing, Info, Kind, Result};
use rocket::http::Method;
use rocket::http::uri::Origin;
use rocket::{Build, Data, Request, Response, Rocket};

use crate::catcher::catcher;
use crate::debug_log;
use crate::request::{kept, lazy_context, view};
use crate::routes::{METHODS, routes};

/// The fairing that the guards need. It mounts `/sign-in`, `/sign-in/frame`, `/sign-up`,
/// `/callback`, `/sign-out`, `/backchannel-logout`, and `/webhooks/logto` at the root, and answers
/// there below the path of the base URL too.
///
/// A prefix for the routes is part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix).
///
/// Whatever the app answers to a refused request stays as it is, be it from a route of the next
/// rank or from a catcher. The fairing answers for a guard only where Rocket would: it registers a
/// catch-all at the root, unless the app has one there.
///
/// An app built for release does not launch at Rocket's log level `debug`, which prints codes,
/// cookies and tokens; see [`LogtoFairing::with_debug_log`].
///
/// # Example
///
/// ```
/// use logto_rocket::{Logto, User, fairing};
/// use rocket::{Build, Rocket, get, routes};
///
/// #[get("/profile")]
/// fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// fn app(logto: &Logto) -> Rocket<Build> {
///     rocket::build().attach(fairing(logto)).mount("/", routes![profile])
/// }
/// ```
#[must_use]
pub fn fairing(logto: &Logto) -> LogtoFairing {
    LogtoFairing { logto: logto.clone(), allows_debug_log: false }
}

/// What [`fairing`] makes, which has an example.
#[derive(Clone, Debug)]
pub struct LogtoFairing {
    pub(crate) logto: Logto,
    allows_debug_log: bool,
}

impl LogtoFairing {
    /// Allows Rocket's log level `debug` in a release build. Rocket then prints the addresses and
    /// headers of all requests, which include sign-in codes, session cookies and tokens: everyone
    /// who reads that log can act as any user.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_rocket::{Logto, LogtoFairing, fairing};
    ///
    /// fn for_a_test_machine(logto: &Logto) -> LogtoFairing {
    ///     fairing(logto).with_debug_log()
    /// }
    /// ```
    #[must_use]
    pub fn with_debug_log(mut self) -> Self {
        self.allows_debug_log = true;
        self
    }
}

/// Shows Rocket another address than the core.
fn show(request: &mut Request<'_>, uri: Origin<'static>) {
    let seen = kept(request).get_or_init(|| view(request));
    if let Ok(context) = lazy_context(request) {
        context.with_request(|| seen.clone());
    }
    request.set_uri(uri);
}

#[rocket::async_trait]
impl Fairing for LogtoFairing {
    fn info(&self) -> Info {
        Info {
            name: "Logto",
            kind: Kind::Ignite | Kind::Request | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Result {
        // An app whose configuration is wrong fails by itself.
        let level = rocket.figment().extract_inner("log_level").unwrap_or(LogLevel::Normal);
        if !debug_log::admit(level, self.allows_debug_log) {
            return Err(rocket);
        }
        let rocket = rocket.mount("/", routes(&self.logto)).attach(catcher());
        Ok(rocket.manage(self.clone()))
    }

    /// Only the core sees what was asked for. Rocket logs the address of every request, and a
    /// callback's holds a code. The path of an own route may begin with that of the base URL,
    /// the route's does not, and Rocket finds the route of a path that is percent-encoded.
    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let logto = &self.logto;
        if request.method() == Method::Head
            && let Ok(context) = lazy_context(request)
        {
            // Rocket answers by the route for GET, whose guards see that method.
            context.with_request(|| view(request));
        }
        let route = logto.route_at(&request.uri().path().percent_decode_lossy());
        if let Some(Ok(uri)) = route.map(|route| Origin::parse_owned(logto.route_path(route))) {
            show(request, uri);
            if !METHODS.contains(&request.method()) {
                request.set_method(Method::Get);
            }
        } else if request.uri().query().is_some_and(|query| logto.may_hold_code(query.as_str()))
            && let Ok(uri) = Origin::parse_owned(request.uri().path().to_string())
        {
            // A callback that is a route of the app.
            show(request, uri);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Ok(context) = lazy_context(request) else {
            return;
        };
        if !context.is_asked() {
            return;
        }
        // Here and not from a guard: Rocket forgets a guard's cookies when a catcher answers.
        let cookies = context.take_cookies().await;
        if let Some(caching) = context.caching() {
            let set = response.headers().get_one("cache-control");
            if let Some(value) = caching.cache_control(set) {
                response.set_raw_header("cache-control", value);
            }
            if let Some(value) = caching.vary(response.headers().get_one("vary")) {
                response.adjoin_raw_header("vary", value);
            }
        }
        for line in cookies {
            response.adjoin_raw_header("set-cookie", line);
        }
    }
}
