//! What a request costs over sockets that stay open, as browsers and proxies keep them: the CPU time
//! of the thread that serves. A process of its own sends the requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use axum::ServiceExt;
use axum::extract::Request;
use logto::resource_server::{Api, ApiConfig};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::api;
use crate::fixture::{API, Fixture};
use crate::harness::{Measured, thread_time};
use crate::kept::Kept;
use crate::peers::axum::{App, hello, login, logto, sessions_in_memory};
use crate::peers::protected;
use crate::report::{Report, Unit};
use crate::users::not_asked;

const ROUNDS: usize = 15;
const CONNECTIONS: usize = 8;
/// Of each connection, in a round.
const REQUESTS: usize = 500;

const HELLO: &str = "axum: hello";
const ANSWER: &str = "logto-axum, cookie seen again";
const REFUSAL: &str = "logto-axum, 401 for a script without a session";

pub fn run(runtime: &Runtime, report: &mut Report) {
    let fixture = runtime.block_on(Fixture::new([]));
    let (in_cookies, stored) = (fixture.in_cookies(), fixture.in_memory());
    let alice = runtime.block_on(fixture.sign_in(&in_cookies, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&in_cookies, &alice));
    let pointer = runtime.block_on(fixture.sign_in(&stored, "alice", &Fixture::usual_tokens()));
    let (tower_sessions, theirs) = runtime.block_on(sessions_in_memory(kept));
    let (axum_login, of_axum_login) = runtime.block_on(login());
    let api = Api::new(fixture.tenant.endpoint(), ApiConfig::new(API)).expect("a configuration");
    let token = runtime.block_on(api::tokens(&fixture, 1)).remove(0);

    let cookie = |cookie: &str| format!("cookie: {cookie}");
    let text = |header: &axum::http::HeaderValue| cookie(header.to_str().expect("text"));
    let alice = cookie(&alice.header());
    let cases: [(&'static str, App, String); 8] = [
        (HELLO, hello(), alice.clone()),
        ("the layer, not asked", not_asked(&in_cookies), alice.clone()),
        (ANSWER, logto(&in_cookies), alice),
        ("logto-axum, memory store", logto(&stored), cookie(&pointer.header())),
        (REFUSAL, logto(&in_cookies), "accept: application/json".to_owned()),
        (
            "logto-axum, token seen before",
            protected::logto(&api),
            format!("authorization: Bearer {token}"),
        ),
        ("tower-sessions, memory store", tower_sessions, text(&theirs)),
        ("axum-login, memory store", axum_login, text(&of_axum_login)),
    ];
    let mut samples: Vec<_> = cases.iter().map(|(name, ..)| (*name, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for ((name, app, header), (_, samples)) in cases.iter().zip(&mut samples) {
            let status = if *name == REFUSAL { "401" } else { "200" };
            samples.push(runtime.block_on(serve(app.clone(), header, status)));
        }
    }
    let measured = Measured::new(samples);
    report.added("Over sockets", &measured, |name| measured.added(name, HELLO));
    let [answer, refusal] = [ANSWER, REFUSAL].map(|name| measured.added(name, HELLO));
    report.at_most("S3", "401 over sockets, added on axum", refusal, answer, Unit::Nanoseconds);
}

/// The CPU time of this thread for each request, in nanoseconds.
async fn serve(app: App, header: &str, status: &str) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = axum::serve(listener, ServiceExt::<Request>::into_make_service(app));
    let server = tokio::spawn(server.into_future());
    let program = std::env::current_exe().expect("this program");
    let mut client =
        Command::new(program).args(["send", &address, header, status]).spawn().expect("a client");
    let before = thread_time();
    let sent = tokio::task::spawn_blocking(move || client.wait()).await.expect("a thread");
    let time = thread_time() - before;
    assert!(sent.expect("a client").success(), "a request was not answered as it should be");
    server.abort();
    time as f64 / (CONNECTIONS * REQUESTS) as f64
}

/// Sends the requests, one on each connection at a time.
pub fn send([address, header, status]: [&str; 3]) {
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n{header}\r\n\r\n");
    let start = format!("HTTP/1.1 {status} ");
    let mut connections: Vec<_> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(address).expect("a server")).collect();
    for _ in 0..REQUESTS {
        for connection in &mut connections {
            connection.write_all(request.as_bytes()).expect("a server");
        }
        for connection in &mut connections {
            let mut response = [0; 4096];
            // Each is small, so it comes in one piece.
            let length = connection.read(&mut response).expect("a server");
            assert!(response[..length].starts_with(start.as_bytes()));
        }
    }
}
