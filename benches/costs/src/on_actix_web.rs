//! Requests on Actix Web, in process.

use std::hint::black_box;

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web::get;
use logto_actix_web::{User, middleware};
use tokio::runtime::Runtime;

use crate::Case;
use crate::requests::Requests;

async fn page(user: User) -> &'static str {
    black_box(user.name());
    "hello"
}

pub fn cases<'a>(runtime: &'a Runtime, requests: &'a Requests) -> Vec<Case<'a>> {
    let (in_cookies, in_memory) = (&requests.in_cookies, &requests.in_memory);
    let hello = || get().to(async || "hello");
    let bare = runtime.block_on(init_service(App::new().route("/", hello())));
    let layered = App::new().wrap(middleware(in_cookies)).route("/", hello());
    let layered = runtime.block_on(init_service(layered));
    let open = |logto| {
        let app = App::new().wrap(middleware(logto)).route("/", get().to(page));
        runtime.block_on(init_service(app))
    };
    let cookie = ("cookie", requests.cookie.as_str());
    vec![
        case("bare", runtime, bare, cookie, 200),
        case("layer, not asked", runtime, layered, cookie, 200),
        case("cookie, seen again", runtime, open(in_cookies), cookie, 200),
        case("memory store", runtime, open(in_memory), ("cookie", &requests.pointer), 200),
        case("401 for a script", runtime, open(in_cookies), ("accept", "application/json"), 401),
    ]
}

fn case<'a, B: MessageBody>(
    case: &str,
    runtime: &'a Runtime,
    app: impl Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'a,
    (name, value): (&'static str, &str),
    status: u16,
) -> Case<'a> {
    // Made once: to look at each of its bytes is the server's work.
    let value = HeaderValue::from_str(value).expect("a header");
    Case::new(format!("actix-web: {case}"), runtime, async move || {
        let request = TestRequest::get().uri("/").insert_header((name, value.clone()));
        let request = request.to_request();
        let status_of = match try_call_service(&app, request).await {
            Ok(response) => response.status(),
            // The response to an error is made by the server.
            Err(error) => error.error_response().status(),
        };
        assert_eq!(status_of, status);
    })
}
