//! Whether two threads do twice the work of one, by the clock on the wall.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use tokio::runtime::Runtime;

use crate::fixture::Fixture;
use crate::harness::median;
use crate::kept::Kept;
use crate::peers::axum::{App, get_with, hello, login, logto, sessions_in_memory_of};
use crate::report::{Report, Unit};
use crate::users::not_asked;

const ROUNDS: usize = 9;
const SAMPLE: Duration = Duration::from_millis(150);
const TASKS_OF_A_THREAD: usize = 32;
const SESSIONS: usize = 64;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let (in_cookies, stored) = (fixture.in_cookies(), fixture.in_memory());
    let alice = runtime.block_on(fixture.sign_in(&in_cookies, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&in_cookies, &alice));
    let sealed = runtime.block_on(fixture.reseal(&alice, SESSIONS));
    let pointers = runtime.block_on(async {
        let mut pointers = Vec::new();
        for _ in 0..SESSIONS {
            pointers
                .push(fixture.sign_in(&stored, "alice", &Fixture::usual_tokens()).await.header());
        }
        pointers
    });
    let (tower_sessions, theirs) = runtime.block_on(sessions_in_memory_of(kept.clone(), SESSIONS));
    let (axum_login, of_axum_login) = runtime.block_on(login());

    let first = |cookies: &[String]| headers(&cookies[..1]);
    let apps: [(&str, App, Vec<HeaderValue>); 9] = [
        ("axum: hello", hello(), vec![HeaderValue::from_static("a=b")]),
        ("the layer, not asked", not_asked(&in_cookies), first(&sealed)),
        ("logto-axum, memory store, 1 session", logto(&stored), first(&pointers)),
        ("logto-axum, memory store, 64 sessions", logto(&stored), headers(&pointers)),
        ("logto-axum, cookie seen again, 1 session", logto(&in_cookies), first(&sealed)),
        ("logto-axum, cookie seen again, 64 sessions", logto(&in_cookies), headers(&sealed)),
        ("tower-sessions, memory store, 1 session", tower_sessions.clone(), first(&theirs)),
        ("tower-sessions, memory store, 64 sessions", tower_sessions, headers(&theirs)),
        ("axum-login, memory store, 1 session", axum_login, vec![of_axum_login]),
    ];
    let mut ratios = apps.each_ref().map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (ratios, (_, app, cookies)) in ratios.iter_mut().zip(&apps) {
            ratios.push(throughput(2, app, cookies) / throughput(1, app, cookies));
        }
    }
    let ratios = ratios.map(median);
    println!("\n### Throughput of two threads relative to one\n\n| case | ratio |\n|---|---:|");
    for ((name, ..), ratio) in apps.iter().zip(ratios) {
        println!("| {name} | {ratio:.2} |");
    }
    let what = "memory store, two threads by one";
    report.at_least("G5s", what, ratios[2], 0.95 * ratios[0], Unit::Times);
    let what = "cookie of one of 64 sessions, two threads by one";
    report.at_least("G5s", what, ratios[5], 0.95 * ratios[0], Unit::Times);
}

fn headers(cookies: &[String]) -> Vec<HeaderValue> {
    cookies.iter().map(|cookie| cookie.parse().expect("a header")).collect()
}

fn throughput(threads: usize, app: &App, cookies: &[HeaderValue]) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .expect("a runtime");
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = (0..threads * TASKS_OF_A_THREAD).zip(cookies.iter().cycle()).map(|(_, header)| {
        let (mut app, header) = (app.clone(), header.clone());
        let (done, stop) = (Arc::clone(&done), Arc::clone(&stop));
        runtime.spawn(async move {
            let mut here = 0;
            while !stop.load(Ordering::Relaxed) {
                get_with(&mut app, COOKIE, &header).await;
                here += 1;
                if here % 16 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            done.fetch_add(here, Ordering::Relaxed);
        })
    });
    let tasks: Vec<_> = tasks.collect();
    std::thread::sleep(SAMPLE);
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(async {
        for task in tasks {
            task.await.expect("a task");
        }
    });
    done.load(Ordering::Relaxed) as f64
}
