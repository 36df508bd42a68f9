//! Requests to the SDK's routes that never end, and those that ask for a tunnel.

use logto::web::Route;

use super::super::Case;

/// A body that never comes, and `CONNECT`, to every route of the SDK.
#[must_use]
pub fn unfinished() -> Vec<Case> {
    let mut cases = Vec::new();
    for route in Route::ALL {
        let name = format!("a body that never comes, to {}", route.path());
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            let ask = visitor.post(route.path()).header("content-length", "100");
            // Rocket itself waits for the first 14 bytes, before any of its fairings.
            let answer = ask.body("logout_token=a-half").send().await;
            let status = match route {
                Route::SignOut => 303,
                Route::BackChannelLogout => 400,
                Route::Webhooks | Route::Frame => 404,
                _ => 405,
            };
            assert_eq!(answer.status, status);
        }));
        let name = format!("CONNECT {}", route.path());
        cases.push(Case::new(name, async move |app| {
            // Some frameworks have no such method.
            let answer = app.visitor().ask("CONNECT", route.path()).send_off_record().await;
            assert!((400..500).contains(&answer.status), "{}", answer.summary(""));
            answer.has_no_pending_cookies();
        }));
    }
    cases
}
