//! HTTP/1.1 over a plain socket: sends exactly the bytes it is given and hides nothing of what
//! comes back.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing on this machine takes as long; a server that hangs fails its test.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, byte for byte.
#[derive(Clone, Debug)]
pub struct Wire {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Wire {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// An answer whose head has arrived, and its connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Read, but not asked for yet.
    ahead: Vec<u8>,
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Connection {
    /// Sends the request and reads the head of the answer.
    pub(super) async fn open(address: SocketAddr, wire: &Wire) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(&wire.bytes()).await.expect("the server reads");
        let mut connection = Self { stream, ahead: Vec::new(), status: 0, headers: Vec::new() };
        let head = connection.until(b"\r\n\r\n").await;
        connection.parse(&head);
        connection
    }

    fn parse(&mut self, head: &[u8]) {
        let mut lines =
            head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let status = lines.next().and_then(|line| line.get(9..12));
        self.status = status
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .unwrap_or_else(|| panic!("no status in {}", String::from_utf8_lossy(head)));
        for line in lines.filter(|line| !line.is_empty()) {
            let colon = line.iter().position(|byte| *byte == b':');
            let (name, value) = line.split_at(colon.expect("a header has a colon"));
            self.headers.push((
                String::from_utf8_lossy(name).to_ascii_lowercase(),
                value[1..].trim_ascii().to_vec(),
            ));
        }
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_slice())
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"))
    }

    /// The body, or all of it that was not read yet.
    pub async fn body(mut self, method: &str) -> Vec<u8> {
        if method == "HEAD" || matches!(self.status, 101 | 204 | 304) {
            return Vec::new();
        }
        if self.is_chunked() {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk().await {
                body.extend(chunk);
            }
            return body;
        }
        let length = self.header("content-length").map(|value| {
            let digits = String::from_utf8_lossy(value).into_owned();
            digits.parse().expect("a length is a number")
        });
        match length {
            Some(length) => self.exactly(length).await,
            None => {
                while self.more().await {}
                self.ahead
            }
        }
    }

    /// The next chunk of a chunked body; `None` at its end.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        assert!(self.is_chunked(), "the answer is not a stream");
        let line = self.until(b"\r\n").await;
        let size = String::from_utf8_lossy(&line).trim().to_owned();
        let size = usize::from_str_radix(&size, 16).expect("a chunk begins with its size");
        let chunk = self.exactly(size).await;
        self.until(b"\r\n").await;
        (size > 0).then_some(chunk)
    }

    /// Sends bytes on the open connection, after an upgrade.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the server reads");
    }

    /// Reads that many bytes.
    pub async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.ahead.len() < length {
            assert!(self.more().await, "the server closed the connection early");
        }
        let rest = self.ahead.split_off(length);
        std::mem::replace(&mut self.ahead, rest)
    }

    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            let found = self.ahead.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                return self.exactly(at + end.len()).await;
            }
            let so_far = String::from_utf8_lossy(&self.ahead).into_owned();
            assert!(self.more().await, "the connection was closed at {so_far:?}");
        }
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 8192];
        let read = timeout(PATIENCE, self.stream.read(&mut buffer))
            .await
            .expect("the server answers in time")
            .expect("the server does not reset the connection");
        self.ahead.extend_from_slice(&buffer[..read]);
        read > 0
    }
}
