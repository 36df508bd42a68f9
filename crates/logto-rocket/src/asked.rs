//! One request, as the guards and the fairing share it.

use std::sync::OnceLock;

use logto::Logto;
use logto::web::{self, Context};
use rocket::Request;
use rocket::http::Status;
use rocket::http::uri::Origin;

use crate::Reply;

/// Rocket's state, in a type that no app can manage.
pub(crate) struct Client(pub(crate) Logto);

/// What the guards of one request share, and leave to the fairing.
pub(crate) struct Asked {
    pub(crate) context: Context,
    /// The status that a guard gave to Rocket, and the answer that it stands for.
    pub(crate) refusal: OnceLock<(Status, Reply)>,
}

impl Asked {
    /// The same for every guard of a request; `None` without the fairing.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        let Client(logto) = request.rocket().state()?;
        Some(request.local_cache(|| Self {
            context: logto.context(view(request)),
            refusal: OnceLock::new(),
        }))
    }

    /// Remembers what a refusal is to be answered with; Rocket itself only knows the status.
    pub(crate) fn refuse(&self, status: Status, reply: Reply) -> Status {
        self.refusal.get_or_init(|| (status, reply));
        status
    }
}

/// The address as the client sent it, where Rocket knows it without its query.
struct Sent(String);

/// Takes the query out of what Rocket and its log see; [`view`] still knows it.
pub(crate) fn hide_query(request: &mut Request<'_>) {
    let sent = request.uri().to_string();
    if let Ok(path) = Origin::parse_owned(request.uri().path().to_string()) {
        request.local_cache(|| Sent(sent));
        request.set_uri(path);
    }
}

/// The request for the core. Mounting leaves the URI as it is.
pub(crate) fn view(request: &Request<'_>) -> web::Request {
    let headers = web::Request::HEADERS
        .iter()
        .flat_map(|name| request.headers().get(name).map(|value| (*name, value)));
    // The cookies of Rocket's local test client are in the jar and not in the header.
    let sent = request.headers().contains("cookie");
    let jar = (!sent).then(|| jar_of(request));
    let local = jar.iter().map(|line| ("cookie", line.as_str()));
    web::Request::new(
        request.method().as_str(),
        &request.local_cache(|| Sent(request.uri().to_string())).0,
        headers
            .chain(local)
            .map(|(name, value)| (name, value.as_bytes())),
    )
}

fn jar_of(request: &Request<'_>) -> String {
    let jar = request.cookies().iter();
    let pairs = jar.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
    pairs.collect::<Vec<_>>().join("; ")
}
