//! An API that was forgotten.

use logto_poem::{Authorized, Caller};
use poem::http::StatusCode;
use poem::test::TestClient;
use poem::{Route, get, handler};

#[handler]
async fn token(_token: Authorized) -> &'static str {
    "let in"
}

#[handler]
async fn caller(_caller: Caller) -> &'static str {
    "let in"
}

#[tokio::test]
async fn without_the_api_requests_are_refused() {
    let route = Route::new().at("/token", get(token)).at("/caller", get(caller));
    let client = TestClient::new(route);
    for page in ["/token", "/caller"] {
        let request = client.get(page).header("authorization", "Bearer a.b.c");
        let answer = request.send().await;
        answer.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
    }
}
