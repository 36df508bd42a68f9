//! Whether two threads do twice the work of one, by the clock on the wall.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use tokio::runtime::Runtime;

use crate::harness::median;
use crate::kept::Kept;
use crate::peers::axum::{App, get_with, hello, login, logto, sessions_in_memory};
use crate::report::{Report, Unit};
use crate::stage::Stage;

const ROUNDS: usize = 9;
const SAMPLE: Duration = Duration::from_millis(150);
const TASKS_OF_A_THREAD: usize = 32;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let stage = runtime.block_on(Stage::new([]));
    let stored = stage.in_memory();
    let pointer = runtime.block_on(stage.sign_in(&stored, "alice", &Stage::usual_tokens()));
    let in_cookies = stage.in_cookies();
    let cookies = runtime.block_on(stage.sign_in(&in_cookies, "alice", &Stage::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&in_cookies, &cookies));
    let [pointer, cookie] = [pointer, cookies].map(|kept| kept.header().parse().expect("a header"));
    let apps: [(&str, (App, HeaderValue)); 5] = [
        ("axum: hello", (hello(), HeaderValue::from_static("a=b"))),
        ("logto-axum, memory store", (logto(&stored), pointer)),
        ("logto-axum, cookie seen again", (logto(&in_cookies), cookie)),
        ("tower-sessions, memory store", runtime.block_on(sessions_in_memory(kept))),
        ("axum-login, memory store", runtime.block_on(login())),
    ];
    let mut ratios = apps.each_ref().map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (ratios, (_, app)) in ratios.iter_mut().zip(&apps) {
            ratios.push(throughput(2, app) / throughput(1, app));
        }
    }
    let ratios = ratios.map(median);
    println!("\n### Throughput of two threads relative to one\n\n| case | ratio |\n|---|---:|");
    for ((name, _), ratio) in apps.iter().zip(ratios) {
        println!("| {name} | {ratio:.2} |");
    }
    let what = "memory store, two threads by one";
    report.at_least("G5s", what, ratios[1], 1.8, Unit::Times);
}

fn throughput(threads: usize, (app, header): &(App, HeaderValue)) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .expect("a runtime");
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = (0..threads * TASKS_OF_A_THREAD).map(|_| {
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
