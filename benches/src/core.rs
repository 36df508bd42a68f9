//! Opening a session in the core, for each place that keeps one.

use std::cell::{Cell, RefCell};

use tokio::runtime::Runtime;

use crate::bytes::{open_private, private_cookie};
use crate::harness::{Case, measure};
use crate::kept::Kept;
use crate::report::Report;
use crate::stage::{Stage, open, request};

/// Cookies that were never seen before, in a round.
const FRESH: usize = 512;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let stage = runtime.block_on(Stage::new([]));
    let logto = stage.in_cookies();
    let cookies = runtime.block_on(stage.sign_in(&logto, "alice", &Stage::usual_tokens()));
    let fresh = runtime.block_on(stage.reseal(&cookies, FRESH));
    let header = cookies.header();
    let stored = stage.in_memory();
    let pointer = runtime.block_on(stage.sign_in(&stored, "alice", &Stage::usual_tokens()));
    let pointer = pointer.header();

    let kept = runtime.block_on(Kept::of(&logto, &cookies));
    let private = private_cookie(&kept).to_string();

    let new = RefCell::new(stage.in_cookies());
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
            new.replace(stage.in_cookies());
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
