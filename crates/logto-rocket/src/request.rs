//! The request, as the core sees it.

use logto::web::{self, Context};
use rocket::Request;

use crate::LogtoFairing;

/// The same for every guard of a request; `None` without the fairing.
pub(crate) fn context<'r>(request: &'r Request<'_>) -> Option<&'r Context> {
    let LogtoFairing(logto) = request.rocket().state()?;
    Some(request.local_cache(|| logto.context(view(request).clone())))
}

/// The request as it was when somebody first asked. Mounting leaves the URI as it is.
pub(crate) fn view<'r>(request: &'r Request<'_>) -> &'r web::Request {
    request.local_cache(|| {
        // The cookies of Rocket's local test client are in the jar and not in the header.
        let jar = (!request.headers().contains("cookie")).then(|| jar_of(request));
        let headers = web::Request::HEADERS.iter().flat_map(|&name| {
            let values = request.headers().get(name);
            let local = jar.as_deref().filter(|_| name == "cookie");
            values.chain(local).map(move |value| (name, value))
        });
        let target = request.uri().to_string();
        web::Request::new(request.method().as_str(), &target, headers)
    })
}

fn jar_of(request: &Request<'_>) -> String {
    let jar = request.cookies().iter();
    let pairs = jar.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
    pairs.collect::<Vec<_>>().join("; ")
}
