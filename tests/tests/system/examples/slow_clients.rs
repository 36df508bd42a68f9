//! Clients that send half of their headers and then nothing.

use std::time::Duration;

use futures::future::join_all;
use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, free_base_url, signs_in_at};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// poem and Rocket have no such limit, which `docs/behind-a-proxy.md` says.
const LIMITED: [Example; 2] = [Example::ActixWeb, Example::Axum];
/// Far above every limit: when a test gives up, there is none.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_is_cut_off() {
    // Side by side: each takes as long as its limit.
    join_all(LIMITED.map(async |example| {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let mut connection = TcpStream::connect(("localhost", app.port())).await.unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\ncookie: a=").await.unwrap();
        let mut answer = Vec::new();
        let end = timeout(PATIENCE, connection.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "{example:?} keeps the connection open");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{example:?}: {answer}");
    }))
    .await;
}
