//! The SDK's own routes.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::routing::any;
use logto::Logto;
use logto::web::Route;

use crate::Reply;
use crate::layer::{keep_body, view};

/// The routes `/sign-in`, `/sign-in/frame`, `/sign-up`, `/callback`, `/sign-out`,
/// `/backchannel-logout`, and `/webhooks/logto`, to merge into the app's router.
///
/// They need neither the [`layer`](crate::layer()) nor a state of their own. A prefix for them is
/// part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix).
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_axum::{Logto, User};
///
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.sub())
/// }
///
/// fn app(logto: &Logto) -> Router {
///     let app = Router::new().route("/profile", get(profile)).layer(logto_axum::layer(logto));
///     app.merge(logto_axum::routes(logto))
/// }
/// ```
pub fn routes<S: Clone + Send + Sync + 'static>(logto: &Logto) -> Router<S> {
    Route::ALL.iter().fold(Router::new(), |router, &route| {
        let handler = {
            let logto = logto.clone();
            async move |request: Request| {
                let (request, unread) = keep_body(request);
                let (parts, body) = request.into_parts();
                let seen = view(&parts);
                let read = |limit| to_bytes(body, limit);
                let body = logto.read_body(route, &seen, read).await;
                let reply = Reply::from(logto.handle(route, seen.with_body(body)).await);
                if let Some(unread) = unread {
                    unread.discard().await;
                }
                reply
            }
        };
        router.route(&logto.route_path(route), any(handler))
    })
}
