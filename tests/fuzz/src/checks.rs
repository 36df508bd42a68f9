//! What must hold for every answer, whatever the request.

use logto::web::Reply;

use crate::app::{APP_SECRET, COOKIE_SECRET};

/// Stands in inputs for markup of an attacker.
const MARKUP: &str = "<xss";

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: String,
}

impl Seen {
    /// The cookies as a browser sends them back.
    pub(crate) fn cookie_header(&self) -> String {
        let pairs = self.cookies.iter().filter_map(|line| line.split(';').next());
        pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
    }
}

/// Takes an answer of one of the SDK's routes, which may lead below `addresses` and to paths of the
/// app only.
pub(crate) fn check(reply: Reply, addresses: &[&str]) -> Seen {
    let seen = check_page(reply, addresses);
    assert_ne!(seen.status, 502, "a gateway's error where a browser is the one to begin anew");
    seen
}

/// The same for the answer of a page of the app.
pub(crate) fn check_page(reply: Reply, addresses: &[&str]) -> Seen {
    let mut seen = Seen { status: reply.status(), ..Seen::default() };
    let (mut is_stored, mut waits, mut is_page) = (true, false, false);
    for (name, value) in reply.headers() {
        assert!(!value.bytes().any(|byte| byte.is_ascii_control()), "{name}: {value:?}");
        assert!(!value.contains(MARKUP) || name == "location", "{name}: {value:?}");
        match name {
            "cache-control" => is_stored = value != "no-store",
            "retry-after" => waits = value.parse::<u64>().is_ok(),
            "content-type" => is_page = value.starts_with("text/html"),
            "location" => seen.location = value.to_string(),
            "set-cookie" => seen.cookies.push(value.to_string()),
            _ => {}
        }
    }
    seen.body = reply.into_body();
    assert!(!is_stored, "an answer that may be stored");
    assert!(seen.status < 500 || seen.status == 502 || (seen.status == 503 && waits), "{seen:?}");
    assert!(!is_page || !seen.body.contains(MARKUP), "{}", seen.body);
    check_location(&seen, addresses);
    for secret in [APP_SECRET, COOKIE_SECRET] {
        assert!(!seen.body.contains(secret) && !seen.location.contains(secret), "{seen:?}");
    }
    seen
}

fn check_location(seen: &Seen, addresses: &[&str]) {
    if seen.location.is_empty() {
        return;
    }
    let mut start = seen.location.bytes();
    let is_local =
        start.next() == Some(b'/') && start.next().is_none_or(|byte| byte != b'/' && byte != b'\\');
    let is_below = |address: &&str| {
        let rest = seen.location.strip_prefix(*address);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let is_known = addresses.iter().any(is_below);
    assert!(is_local || is_known, "sent to {}", seen.location);
}
