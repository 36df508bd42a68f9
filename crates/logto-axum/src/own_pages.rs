//! Middleware for server functions and forms: only pages of this app change something.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::{Auth, Reply};

/// Middleware that checks where requests with a session come from, for all routes at once.
///
/// Browsers send the session's cookie with what a page of another site sends, too, such as the call
/// of a server function of Leptos or Dioxus. With this, a request that may change something gets 403
/// if it has a session and does not come from a page of this app, as
/// [`require_own_page`](logto::web::Context::require_own_page) decides. Such a request has another
/// method than `GET`, `HEAD`, `OPTIONS`, and `TRACE`, or opens a WebSocket.
///
/// It also loads the session before the handler runs. A page that is streamed may ask for it when
/// the headers have left: it would tell caches nothing then, and lose the cookie that renews the
/// session.
///
/// Add it before the [`layer`](crate::layer()), which it needs.
///
/// # Example
///
/// ```
/// use axum::{Router, middleware::from_fn};
/// use logto_axum::Logto;
///
/// fn app(routes: Router, logto: &Logto) -> Router {
///     routes
///         .layer(from_fn(logto_axum::own_pages_only))
///         .layer(logto_axum::layer(logto))
///         .merge(logto_axum::routes(logto))
/// }
/// ```
///
/// # Errors
///
/// The response to a request that is refused.
pub async fn own_pages_only(auth: Auth, request: Request, next: Next) -> Result<Response, Reply> {
    // If that cannot be known now, it may be known when the handler asks.
    let may_have_session = auth.is_authenticated().await.unwrap_or(true);
    if may_have_session && auth.may_change_something() {
        auth.require_own_page()?;
    }
    Ok(next.run(request).await)
}
