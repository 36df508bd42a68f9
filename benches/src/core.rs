//! Opening a session in the core, for each place that keeps one.

use std::cell::{Cell, RefCell};

use tokio::runtime::Runtime;

use crate::bytes::{open_private, private_cookie};
use crate::fixture::{Fixture, open, request};
use crate::harness::{Case, measure};
use crate::kept::Kept;
use crate::report::Report;

/// Cookies that were never seen before, in a round.
const FRESH: usize = 512;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let logto = fixture.in_cookies();
    let cookies = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
    let fresh = runtime.block_on(fixture.reseal(&cookies, FRESH));
    let header = cookies.header();
    let stored = fixture.in_memory();
    let pointer = runtime.block_on(fixture.sign_in(&stored, "alice", &Fixture::usual_tokens()));
    let pointer = pointer.header();

    let kept = runtime.block_on(Kept::of(&logto, &cookies));
    let private = private_cookie(&kept).to_string();

    let new = RefCell::new(fixture.in_cookies());
    let next = Cell::new(0);
    let cases = vec![
        Case::asynchronous("cookie, seen again", runtime, async || open(&logto, &header).await),
        Case::asynchronous("cookie, seen first", runtime, async || {
            let at = next.get();
            next.set(at + 1);
            let logto = new.borrow().clone();
            open(&logto, &fresh[at]).await
        })
        .prepared(FRESH as u64, || {
            new.replace(fixture.in_cookies());
            next.set(0);
        }),
        Case::asynchronous("memory store", runtime, async || open(&stored, &pointer).await),
        Case::new("cookie's PrivateJar and JSON", || open_private(&private)),
        Case::asynchronous("no session", runtime, async || {
            let context = logto.context(request("/", ""));
            context.is_authenticated().await
        }),
    ];
    let measured = measure(cases);
    report.table("Opening a session, in the core", &measured);
}
