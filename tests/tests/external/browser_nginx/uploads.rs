//! A form with a file, sent after the session has ended: the user sees the SDK's page, not an error
//! of nginx.

use std::io;
use std::sync::Arc;

use logto::{Logto, LogtoConfig};
use logto_tests::conformance::{Server, TestApp, adapters};
use logto_tests::{Nginx, Visitor, free_port, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

const FRAMEWORKS: [&str; 4] = ["axum", "actix-web", "poem", "rocket"];
/// More than the sockets' buffers take.
const FILE: usize = 8 * 1024 * 1024;
/// The connection breaks at a different place each time.
const TIMES: usize = 4;

#[tokio::test]
async fn an_upload_without_a_session_gets_the_page_through_nginx() {
    for framework in FRAMEWORKS {
        let proxy = free_port();
        let base_url = format!("http://localhost:{proxy}");
        let server = serve(framework, &base_url).await;
        let settings = "client_max_body_size 100m;";
        let nginx = Nginx::start_with(proxy, server.address.port(), settings).await;
        for _ in 0..TIMES {
            let request = Visitor::new().post(&format!("{base_url}/fresh"));
            let request = request.header("accept", "text/html").body(vec![b'x'; FILE]);
            let answer = soon("an answer", request.send()).await.expect("an answer");
            assert_eq!(answer.status(), 401, "{framework}: {}", nginx.log());
            let page = answer.text().await.expect("a page");
            assert!(page.contains("You are no longer signed in"), "{framework}: {page}");
        }
    }
}

#[tokio::test]
async fn a_client_that_reads_after_it_has_sent_everything_gets_the_page() {
    for framework in FRAMEWORKS {
        let server = serve(framework, "http://localhost:3000").await;
        let answer = read_at_the_end(&server, "/fresh").await;
        let answer = answer.unwrap_or_else(|error| panic!("{framework}: {error}"));
        assert!(answer.starts_with("HTTP/1.1 401"), "{framework}: {answer}");
        assert!(answer.contains("You are no longer signed in"), "{framework}: {answer}");
    }
}

#[tokio::test]
async fn routes_of_the_sdk_answer_whatever_is_sent_along() {
    for framework in FRAMEWORKS {
        let server = serve(framework, "http://localhost:3000").await;
        for (path, status) in [
            ("/sign-out", 403),
            ("/callback", 405),
            ("/backchannel-logout", 400),
            ("/sign-in", 405),
        ] {
            let answer = read_at_the_end(&server, path).await;
            let answer = answer.unwrap_or_else(|error| panic!("{framework}, {path}: {error}"));
            let first = format!("HTTP/1.1 {status}");
            assert!(answer.starts_with(&first), "{framework}, {path}: {answer}");
        }
    }
}

/// The answer to a client that sends a file before it reads anything.
async fn read_at_the_end(server: &Server, path: &str) -> io::Result<String> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost:3000\r\naccept: text/html\r\norigin: null\r\n\
         connection: close\r\ncontent-length: {FILE}\r\n\r\n"
    );
    let mut socket = TcpStream::connect(server.address).await?;
    let answer = soon("an answer", async {
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(&vec![b'x'; FILE]).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        Ok(answer)
    });
    answer.await
}

/// The test app, where no request needs Logto.
async fn serve(framework: &str, base_url: &str) -> Server {
    let config = LogtoConfig::new("http://localhost:9", "app", "secret")
        .with_base_url(base_url)
        .with_cookie_secret("a cookie secret for uploads without a session");
    let app = TestApp {
        logto: Logto::new(config).expect("a configuration"),
        mounted_at: "",
        bare: false,
        without_routes: false,
        gate: Arc::new(Notify::new()),
    };
    let drivers = adapters::all();
    let driver = drivers.iter().find(|driver| driver.name == framework);
    driver.expect("a framework").serve(app).await.expect("a server")
}
