//! The catcher: sends the reply of a guard that refused, where the app has no catcher of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use logto::web;
use rocket::Request;
use rocket::catcher::{BoxFuture, Catcher};
use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::Outcome;
use rocket::response::Responder;

use crate::Reply;

/// The status that a guard gave to Rocket, and the answer that it stands for.
type Refusal = Mutex<Option<(Status, Reply)>>;

/// What a guard gives to Rocket, which only knows statuses, and 401 for a redirect to sign-in. The
/// answer of the last that refuses a request is left to the catcher: it is that of the last route
/// which Rocket tried.
pub(crate) fn outcome<T>(
    request: &Request<'_>,
    answer: Result<T, web::Reply>,
) -> Outcome<T, Reply> {
    let reply = match answer {
        Ok(value) => return Outcome::Success(value),
        Err(reply) => reply,
    };
    let status = match reply.status() {
        303 => Status::Unauthorized,
        code => Status::new(code),
    };
    let reply = Reply::from(reply);
    *refusal(request) = Some((status, reply.clone()));
    match status {
        Status::Unauthorized => Outcome::Forward(status),
        _ => Outcome::Error((status, reply)),
    }
}

fn refusal<'r>(request: &'r Request<'_>) -> MutexGuard<'r, Option<(Status, Reply)>> {
    request.local_cache(Refusal::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers the catcher unless the app has a catch-all of its own: Rocket launches with one only.
/// Attached while Rocket ignites, so that the fairings of the app have registered theirs.
pub(crate) fn catcher() -> AdHoc {
    AdHoc::on_ignite("Logto catcher", |rocket| async {
        let catches_all = |catcher: &Catcher| catcher.code.is_none() && catcher.base.path() == "/";
        if rocket.catchers().any(catches_all) {
            return rocket;
        }
        rocket.register("/", [Catcher::new(None, answer)])
    })
}

/// What is no refusal of a guard gets the page that Rocket has for it.
fn answer<'r>(status: Status, request: &'r Request<'_>) -> BoxFuture<'r> {
    Box::pin(async move {
        let refused = refusal(request).take();
        match refused {
            Some((refused, reply)) if refused == status => reply.respond_to(request),
            _ => Catcher::default().handler.handle(status, request).await,
        }
    })
}
