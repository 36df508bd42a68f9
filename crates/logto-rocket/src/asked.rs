//! One request, as the guards and the fairing share it.

use std::sync::OnceLock;

use logto::web::{self, Context};
use rocket::Request;
use rocket::http::Status;
use rocket::request::Outcome;

use crate::{LogtoFairing, Reply};

/// What the guards of one request share, and leave to the fairing.
pub(crate) struct Asked {
    pub(crate) context: Context,
    /// The status that a guard gave to Rocket, and the answer that it stands for.
    pub(crate) refusal: OnceLock<(Status, Reply)>,
}

impl Asked {
    /// The same for every guard of a request; `None` without the fairing.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        let LogtoFairing(logto) = request.rocket().state()?;
        Some(request.local_cache(|| Self {
            context: logto.context(view(request).clone()),
            refusal: OnceLock::new(),
        }))
    }

    /// Remembers what a refusal is to be answered with. Rocket itself only knows statuses, and 401
    /// for a redirect to sign-in.
    pub(crate) fn refuse<T>(&self, reply: web::Reply) -> Outcome<T, Reply> {
        let reply = Reply::from(reply);
        let status = match reply.status() {
            Status::SeeOther => Status::Unauthorized,
            status => status,
        };
        self.refusal.get_or_init(|| (status, reply.clone()));
        match status {
            Status::Unauthorized => Outcome::Forward(status),
            _ => Outcome::Error((status, reply)),
        }
    }
}

/// The request for the core, as it was when somebody first asked. Mounting leaves the URI as it is.
pub(crate) fn view<'r>(request: &'r Request<'_>) -> &'r web::Request {
    request.local_cache(|| {
        let headers = web::Request::HEADERS
            .iter()
            .flat_map(|name| request.headers().get(name).map(|value| (*name, value)));
        // The cookies of Rocket's local test client are in the jar and not in the header.
        let sent = request.headers().contains("cookie");
        let jar = (!sent).then(|| jar_of(request));
        let local = jar.iter().map(|line| ("cookie", line.as_str()));
        web::Request::new(
            request.method().as_str(),
            &request.uri().to_string(),
            headers
                .chain(local)
                .map(|(name, value)| (name, value.as_bytes())),
        )
    })
}

fn jar_of(request: &Request<'_>) -> String {
    let jar = request.cookies().iter();
    let pairs = jar.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
    pairs.collect::<Vec<_>>().join("; ")
}
