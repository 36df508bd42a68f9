//! Redis or Valkey.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use tempfile::TempDir;

use crate::process::first_that_runs;
use crate::{Process, free_port};

/// A Redis, or a Valkey where that is installed instead, that writes everything down at once.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    data: TempDir,
    port: u16,
    password: Option<&'static str>,
    /// The only connection that is left while all others are refused.
    admin: Option<TcpStream>,
}

impl Redis {
    /// Starts a server that asks for no password.
    pub async fn start() -> Self {
        Self::new(None).await
    }

    /// Starts a server that asks for this password.
    pub async fn start_with_password(password: &'static str) -> Self {
        Self::new(Some(password)).await
    }

    async fn new(password: Option<&'static str>) -> Self {
        let mut redis = Self {
            process: None,
            data: tempfile::tempdir().expect("a folder for the data"),
            port: free_port(),
            password,
            admin: None,
        };
        redis.start_again().await;
        redis
    }

    /// Where it is, password included.
    pub fn url(&self) -> String {
        let credentials = self.password.map(|password| format!(":{password}@"));
        let credentials = credentials.unwrap_or_default();
        format!("redis://{credentials}127.0.0.1:{}", self.port)
    }

    /// Ends it without a warning, as a power failure would. The data stay.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it where it is: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.process.iter().for_each(Process::pause);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.iter().for_each(Process::resume);
    }

    /// Cuts all connections. New ones are welcome.
    ///
    /// # Panics
    ///
    /// If it cannot be asked, or wants a password.
    pub fn drop_connections(&self) {
        command(&mut self.connect(), "CLIENT KILL TYPE normal SKIPME yes");
    }

    /// Cuts all connections, and has no room for new ones until [`welcome`](Self::welcome).
    ///
    /// # Panics
    ///
    /// If it cannot be asked, or wants a password.
    pub fn refuse(&mut self) {
        let mut admin = self.connect();
        command(&mut admin, "CONFIG SET maxclients 1");
        command(&mut admin, "CLIENT KILL TYPE normal SKIPME yes");
        self.admin = Some(admin);
    }

    /// Has room for connections again.
    ///
    /// # Panics
    ///
    /// If it cannot be asked.
    pub fn welcome(&mut self) {
        if let Some(mut admin) = self.admin.take() {
            command(&mut admin, "CONFIG SET maxclients 1000");
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).expect("Redis takes connections")
    }

    /// Starts it on the same port with the same data, and returns when it answers.
    pub async fn start_again(&mut self) {
        let program = first_that_runs(&["redis-server", "valkey-server"]).unwrap_or_else(|| {
            panic!(
                "this test needs Redis or Valkey: install it (Debian: `apt-get install \
                 redis-server` or `valkey-server`)"
            )
        });
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .arg("--dir")
            .arg(self.data.path());
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        let mut process = Process::start("Redis", &mut command);
        process.wait_for_output("Ready to accept connections").await;
        self.process = Some(process);
    }
}

/// Sends an inline command whose answer is one line.
fn command(redis: &mut TcpStream, command: &str) {
    let sent = redis.write_all(format!("{command}\r\n").as_bytes());
    sent.expect("Redis takes commands");
    let mut answer = [0; 256];
    let count = redis.read(&mut answer).expect("Redis answers");
    assert!(matches!(answer.first(), Some(b'+' | b':')) && count > 0, "{command} failed");
}
