//! Converts Rocket's request into the core's.

use logto::web::{self, Context};
use rocket::Request;

use crate::LogtoFairing;

/// The same for every guard of a request.
pub(crate) fn context<'r>(request: &'r Request<'_>) -> Result<&'r Context, web::Reply> {
    let state = request.rocket().state();
    let LogtoFairing { logto, .. } = state.ok_or_else(|| {
        let fix = "attach `logto_rocket::fairing(&logto)` to the rocket";
        web::Reply::not_mounted(request.uri().path().as_str(), fix)
    })?;
    Ok(request.local_cache(|| logto.context(view(request).clone())))
}

/// The request as it was at the first question. Mounting leaves the URI as it is.
pub(crate) fn view<'r>(request: &'r Request<'_>) -> &'r web::Request {
    request.local_cache(|| {
        let headers = request.headers();
        // The cookies of Rocket's local test client are in the jar and not in the header.
        let jar = request.cookies().iter().map(|cookie| cookie.stripped());
        let jar = jar.filter(|_| !headers.contains("cookie"));
        let jar: Vec<_> = jar.map(|cookie| cookie.to_string()).collect();
        let names = web::Request::HEADERS.iter();
        let sent = names.flat_map(|&name| headers.get(name).map(move |value| (name, value)));
        let local = jar.iter().map(|pair| ("cookie", pair.as_str()));
        let target = request.uri().to_string();
        web::Request::new(request.method().as_str(), &target, sent.chain(local))
    })
}
