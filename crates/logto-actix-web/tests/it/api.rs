//! An API that was forgotten.

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::get;
use logto_actix_web::{Authorized, Caller};

async fn token(_: Authorized) -> &'static str {
    "let in"
}

async fn caller(_: Caller) -> &'static str {
    "let in"
}

#[actix_web::test]
async fn without_the_api_requests_are_refused() {
    let app = App::new().route("/token", get().to(token)).route("/caller", get().to(caller));
    let app = init_service(app).await;
    for page in ["/token", "/caller"] {
        let request = TestRequest::get().uri(page);
        let request = request.insert_header(("authorization", "Bearer a.b.c"));
        let answer = call_service(&app, request.to_request()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{page}");
    }
}
