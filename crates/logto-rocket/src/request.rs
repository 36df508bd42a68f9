//! Converts Rocket's request into the core's.

use std::sync::OnceLock;

use logto::web::{self, Context};
use rocket::Request;

use crate::LogtoFairing;

/// The context of a request, the same for every guard.
pub(crate) fn context<'r>(request: &'r Request<'_>) -> Result<&'r Context, web::Reply> {
    let context = lazy_context(request)?;
    Ok(context.with_request(|| view(request)))
}

/// The context of a request that no guard may have asked about.
pub(crate) fn lazy_context<'r>(request: &'r Request<'_>) -> Result<&'r Context, web::Reply> {
    let state = request.rocket().state();
    let LogtoFairing { logto, .. } = state.ok_or_else(|| {
        let fix = "attach `logto_rocket::fairing(&logto)` to the rocket";
        web::Reply::not_mounted(request.uri().path().as_str(), fix)
    })?;
    Ok(request.local_cache(|| logto.lazy_context()))
}

/// A request to one of the SDK's own routes, kept before Rocket is shown another address.
pub(crate) fn kept<'r>(request: &'r Request<'_>) -> &'r OnceLock<web::Request> {
    request.local_cache(OnceLock::new)
}

/// The request as it is now. Mounting leaves the URI as it is.
pub(crate) fn view(request: &Request<'_>) -> web::Request {
    let sent: Vec<_> = request.headers().iter().collect();
    // The cookies of Rocket's local test client are in the jar and not in the header.
    let jar: Vec<_> = match sent.iter().any(|header| header.name() == "cookie") {
        true => Vec::new(),
        false => request.cookies().iter().map(|cookie| cookie.stripped().to_string()).collect(),
    };
    let sent = sent.iter().map(|header| (header.name().as_str(), header.value()));
    let local = jar.iter().map(|pair| ("cookie", pair.as_str()));
    let target = request.uri().to_string();
    let authority = match request.headers().contains("host") {
        true => None,
        false => request.host().map(ToString::to_string),
    };
    web::Request::new(request.method().as_str(), &target, sent.chain(local))
        .with_authority(authority.as_deref())
}
