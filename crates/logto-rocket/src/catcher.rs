//! The catcher: answers refusals, where the app has no catcher for them.

use rocket::Request;
use rocket::catcher::{BoxFuture, Catcher};
use rocket::fairing::AdHoc;
use rocket::http::Status;

use crate::asked::Asked;

/// Registers the catcher unless the app has a catch-all of its own: Rocket launches with one only.
/// Attached while Rocket ignites, so that the fairings of the app have registered theirs.
pub(crate) fn catcher() -> AdHoc {
    AdHoc::on_ignite("Logto catcher", |rocket| async {
        let catches_all = |catcher: &Catcher| catcher.code.is_none() && catcher.base.path() == "/";
        if rocket.catchers().any(catches_all) {
            return rocket;
        }
        let mut catcher = Catcher::new(None, answer);
        catcher.name = Some("Logto".into());
        rocket.register("/", [catcher])
    })
}

/// What is no refusal of a guard gets the page that Rocket has for it.
fn answer<'r>(status: Status, request: &'r Request<'_>) -> BoxFuture<'r> {
    Box::pin(async move {
        match Asked::of(request).and_then(|asked| asked.refusal.get()) {
            Some((refused, reply)) if *refused == status => Ok(reply.clone().into_response()),
            _ => Catcher::default().handler.handle(status, request).await,
        }
    })
}
