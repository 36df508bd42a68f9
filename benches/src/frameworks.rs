//! What a session adds to a page, in process: no sockets, the same page without one taken off.

use std::cell::{Cell, RefCell};

use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use tokio::runtime::Runtime;

use crate::fixture::Fixture;
use crate::harness::{Case, measure};
use crate::kept::Kept;
use crate::peers::axum::{self as on_axum, get_with};
use crate::peers::{actix, poem, rocket};
use crate::report::{Report, Unit};

/// Cookies that were never seen before, in a round.
const FRESH: usize = 256;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let logto = fixture.in_cookies();
    let cookies = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&logto, &cookies));
    let fresh = runtime.block_on(fixture.reseal(&cookies, FRESH));
    let fresh: Vec<HeaderValue> = fresh.iter().map(|header| header_of(header)).collect();
    let stored = fixture.in_memory();
    let pointer = runtime.block_on(fixture.sign_in(&stored, "alice", &Fixture::usual_tokens()));

    let axum = |name, (mut app, header): (on_axum::App, HeaderValue)| {
        Case::asynchronous(name, runtime, async move || get_with(&mut app, COOKIE, &header).await)
    };
    let next = Cell::new(0);
    let new = RefCell::new(on_axum::logto(&logto));
    let first = Case::asynchronous("logto-axum, cookie seen first", runtime, async || {
        let at = next.get();
        next.set(at + 1);
        let mut app = new.borrow().clone();
        get_with(&mut app, COOKIE, &fresh[at]).await
    });
    let first = first.prepared(FRESH as u64, || {
        new.replace(on_axum::logto(&fixture.in_cookies()));
        next.set(0);
    });
    let ours = header_of(&cookies.header());
    let mut cases = vec![
        axum("axum: hello", (on_axum::hello(), ours.clone())),
        axum("logto-axum, cookie seen again", (on_axum::logto(&logto), ours)),
        first,
        axum("logto-axum, memory store", (on_axum::logto(&stored), header_of(&pointer.header()))),
        axum(
            "tower-sessions, memory store",
            runtime.block_on(on_axum::sessions_in_memory(kept.clone())),
        ),
        axum("axum-login, memory store", runtime.block_on(on_axum::login())),
        axum(
            "tower-sessions-cookie-store",
            runtime.block_on(on_axum::sessions_in_cookies(kept.clone())),
        ),
    ];
    cases.extend(rocket::cases(runtime, kept.clone()));
    cases.extend(poem::cases(runtime, kept.clone()));
    cases.extend(actix::cases(runtime, kept));
    let measured = measure(cases);

    let added = |name| {
        let base = match name {
            "rocket, private cookie" => "rocket: hello",
            "poem, cookie session" => "poem: hello",
            "actix-session, cookie" => "actix-web: hello",
            _ => "axum: hello",
        };
        measured.added(name, base)
    };
    let [again, first, memory] = [
        "logto-axum, cookie seen again",
        "logto-axum, cookie seen first",
        "logto-axum, memory store",
    ]
    .map(added);
    report.added("What a session adds to a page", &measured, added);
    let limit = Unit::Nanoseconds;
    report.at_most("G3", "cookie seen first, added on axum", first, 800.0, limit);
    report.at_most("G3c", "cookie seen again, added on axum", again, 250.0, limit);
    report.at_most("G5", "memory store, added on axum", memory, 300.0, limit);
    for (id, ours, peer, goal) in [
        ("G3", first, "rocket, private cookie", 8.0),
        ("G3", first, "poem, cookie session", 10.0),
        ("G3", first, "actix-session, cookie", 10.0),
        ("G3", first, "tower-sessions-cookie-store", 15.0),
        ("G3c", again, "rocket, private cookie", 27.0),
        ("G5", memory, "tower-sessions, memory store", 7.0),
        ("G5", memory, "axum-login, memory store", 7.0),
    ] {
        let what = format!("times less than {peer}");
        report.at_least(id, &what, added(peer) / ours, goal, Unit::Times);
    }
}

fn header_of(cookies: &str) -> HeaderValue {
    cookies.parse().expect("a header")
}
