//! Streams that wait for the end of their session: what each takes in memory, how many subscriptions
//! the store has for them, and how soon all of them end when a user signs out on another instance.
//!
//! The streams are in a process of their own, without sign-ins: what those allocate and free would
//! hide what a stream takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use logto::{Logto, LogtoConfig};
use logto_redis::RedisStorage;
use logto_servers::Redis;
use tokio::runtime::Runtime;

use crate::fixture::{Fixture, open, with_common_settings};
use crate::memory::resident;
use crate::report::{Report, Unit};

const STREAMS: usize = 10_000;
const SUB_OF_ALICE: &str = "8s8claa1vi9z";

pub fn run(runtime: &Runtime, report: &mut Report) {
    let redis = runtime.block_on(Redis::start());
    let fixture = runtime.block_on(Fixture::new([]));
    let store = RedisStorage::open(&redis.url()).expect("an address of Redis");
    let logto = fixture.stored_in(Arc::new(store));
    let mut cookies = String::new();
    for _ in 0..STREAMS {
        let alice = runtime.block_on(fixture.sign_in(&logto, "alice", &[]));
        cookies.push_str(&alice.header());
        cookies.push('\n');
    }

    let tenant = &fixture.tenant;
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .arg("wait")
        .args([&redis.url(), tenant.endpoint(), tenant.app_id(), tenant.app_secret()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(cookies.as_bytes()).expect("it reads");
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let bytes: f64 = line().parse().expect("a number");
    let subscriptions = redis_cli(&redis.url(), &["client", "list", "type", "pubsub"]);
    let subscriptions = subscriptions.lines().filter(|line| !line.is_empty()).count();

    let started = Instant::now();
    runtime.block_on(logto.sign_out_everywhere(SUB_OF_ALICE)).expect("a store");
    assert_eq!(line(), "ended");
    let took = started.elapsed();
    child.wait().expect("its end");

    let title = "10,000 open streams that wait for the end of their session";
    let rows = [
        ["bytes of each".to_owned(), format!("{bytes:.0}")],
        ["subscriptions to Redis".to_owned(), subscriptions.to_string()],
        ["until all have ended on another instance".to_owned(), format!("{took:.0?}")],
    ];
    report.rows(title, ["what", "measured"], &rows);
    report.at_most("S1", "bytes of an open stream", bytes, 1024.0, Unit::Bytes);
    let what = "subscriptions for all streams";
    report.at_most("S2", what, subscriptions as f64, 1.0, Unit::Count);
}

/// Opens a stream for each cookie of the input, and waits until all have ended.
pub fn wait(runtime: &Runtime, [redis, endpoint, app_id, secret]: [&str; 4]) {
    let store = RedisStorage::open(redis).expect("an address of Redis");
    let config = with_common_settings(LogtoConfig::new(endpoint, app_id, secret));
    let logto = Logto::new(config.with_storage(store)).expect("a valid configuration");
    let mut cookies = String::new();
    std::io::stdin().read_to_string(&mut cookies).expect("cookies");
    runtime.block_on(async {
        // The sessions are in the cache then, and what opening one takes meanwhile is reused.
        for cookie in cookies.lines() {
            open(&logto, cookie).await;
        }
        let before = resident();
        let mut streams = Vec::new();
        for cookie in cookies.lines() {
            let context = open(&logto, cookie).await;
            let user = context.user().await.expect("someone is signed in");
            streams.push(tokio::spawn(user.session_ended()));
            // It begins to wait.
            tokio::task::yield_now().await;
        }
        println!("{}", (resident() - before) / streams.len());
        for stream in streams {
            stream.await.expect("a task");
        }
        println!("ended");
    });
}

fn redis_cli(url: &str, arguments: &[&str]) -> String {
    let output = Command::new("redis-cli").args(["-u", url]).args(arguments).output();
    String::from_utf8(output.expect("redis-cli").stdout).expect("text")
}
