//! The SDK's own routes.

use logto::Logto;
use logto::web::Route;
use poem::Request;
use poem::endpoint::make;

use crate::Reply;
use crate::middleware::{keep_body, view};

/// The routes `/sign-in`, `/sign-in/frame`, `/sign-up`, `/callback`, `/sign-out`,
/// `/backchannel-logout`, and `/webhooks/logto`, to add the app's own routes to.
///
/// They need neither the [`middleware`](crate::middleware()) nor data of their own. A prefix for
/// them is part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix). The prefix is in the
/// routes already, so with `/auth` an app nests them by `nest_no_strip("/auth", …)`.
///
/// # Example
///
/// ```
/// use logto_poem::{Logto, User};
/// use poem::{Endpoint, EndpointExt, get, handler};
///
/// #[handler]
/// fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// fn app(logto: &Logto) -> impl Endpoint {
///     logto_poem::routes(logto).at("/profile", get(profile)).with(logto_poem::middleware(logto))
/// }
/// ```
pub fn routes(logto: &Logto) -> poem::Route {
    let mut routes = poem::Route::new();
    for &route in Route::ALL {
        let handler = {
            let logto = logto.clone();
            move |mut request: Request| {
                let logto = logto.clone();
                async move {
                    let unread = keep_body(&mut request);
                    let body = request.take_body();
                    let read = |limit| body.into_bytes_limit(limit);
                    let seen = view(&request);
                    let body = logto.read_body(route, &seen, read).await;
                    let reply = Reply::from(logto.handle(route, seen.with_body(body)).await);
                    if let Some(unread) = unread {
                        unread.discard().await;
                    }
                    reply
                }
            }
        };
        routes = routes.at(logto.route_path(route), make(handler));
    }
    routes
}
