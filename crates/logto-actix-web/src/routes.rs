//! The SDK's own routes.

use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use logto::Logto;
use logto::web::Route;

use crate::Reply;
use crate::middleware::view;

/// The routes `/sign-in`, `/sign-in/frame`, `/sign-up`, `/callback`, `/sign-out`,
/// `/backchannel-logout`, and `/webhooks/logto`, for [`App::configure`](actix_web::App::configure).
///
/// They need neither the [`middleware`](crate::middleware()) nor data of their own. A prefix for
/// them is part of the configuration, because redirects have to know it:
/// [`LogtoConfig::with_route_prefix`](logto::LogtoConfig::with_route_prefix).
///
/// # Example
///
/// ```
/// use actix_web::{App, HttpServer};
/// use logto_actix_web::Logto;
///
/// async fn serve(logto: Logto) -> std::io::Result<()> {
///     let address = ("127.0.0.1", logto.port());
///     let app = move || App::new().configure(logto_actix_web::routes(&logto));
///     HttpServer::new(app).bind(address)?.run().await
/// }
/// ```
pub fn routes(logto: &Logto) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let logto = logto.clone();
    move |config| {
        for &route in Route::ALL {
            let path = logto.route_path(route);
            let logto = logto.clone();
            let handler = move |request: HttpRequest, body: web::Payload| {
                let (logto, request) = (logto.clone(), view(&request));
                async move {
                    let read = async |limit| {
                        body.to_bytes_limited(limit).await.map_err(drop)?.map_err(drop)
                    };
                    let body = logto.read_body(route, &request, read).await;
                    Reply::from(logto.handle(route, request.with_body(body)).await)
                }
            };
            config.service(web::resource(path).to(handler));
        }
    }
}
