//! Redis or Valkey.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::{first_that_runs, output};
use crate::{Process, free_port};

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Alone,
    /// It takes connections with TLS only.
    Tls,
    /// The only node of a cluster, which serves no key yet.
    Cluster,
    /// Sentinel, which watches a server that is down.
    Sentinel,
}

/// A Redis, or a Valkey where that is installed instead, that writes everything down at once.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    data: TempDir,
    port: u16,
    mode: Mode,
    password: Option<&'static str>,
    /// The only connection that is left while all others are refused.
    admin: Option<TcpStream>,
}

impl Redis {
    /// Starts a server that asks for no password.
    pub async fn start() -> Self {
        Self::new(Mode::Alone, None).await
    }

    /// Starts a server that asks for this password.
    pub async fn start_with_password(password: &'static str) -> Self {
        Self::new(Mode::Alone, Some(password)).await
    }

    /// Starts a server that takes connections with TLS only, with a certificate of its own
    /// [authority](Self::authority).
    pub async fn start_with_tls() -> Self {
        Self::new(Mode::Tls, None).await
    }

    /// Starts a node of a cluster that serves no key yet.
    pub async fn start_in_cluster() -> Self {
        Self::new(Mode::Cluster, None).await
    }

    /// Starts Redis Sentinel.
    pub async fn start_sentinel() -> Self {
        Self::new(Mode::Sentinel, None).await
    }

    async fn new(mode: Mode, password: Option<&'static str>) -> Self {
        let mut redis = Self {
            process: None,
            data: tempfile::tempdir().expect("a folder for the data"),
            port: free_port(),
            mode,
            password,
            admin: None,
        };
        if mode == Mode::Tls {
            make_certificates(redis.data.path());
        }
        redis.start_again().await;
        redis
    }

    /// Where it is, password included.
    pub fn url(&self) -> String {
        let credentials = self.password.map(|password| format!(":{password}@"));
        let credentials = credentials.unwrap_or_default();
        match self.mode {
            Mode::Tls => format!("rediss://{credentials}localhost:{}", self.port),
            _ => format!("redis://{credentials}127.0.0.1:{}", self.port),
        }
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The certificate, as PEM, of the authority that signed the server's.
    ///
    /// # Panics
    ///
    /// If the server has none.
    pub fn authority(&self) -> Vec<u8> {
        fs::read(self.data.path().join("ca.pem")).expect("a server with TLS")
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
        let ready = match self.mode {
            Mode::Sentinel => {
                let file = self.data.path().join("sentinel.conf");
                let settings = "sentinel monitor main 127.0.0.1 1 1\n";
                fs::write(&file, settings).expect("a configuration for Sentinel");
                command.arg(file).arg("--sentinel");
                "+monitor master"
            }
            _ => {
                command.args(["--appendonly", "yes", "--appendfsync", "always"]);
                "Ready to accept connections"
            }
        };
        let port = self.port.to_string();
        command.args(["--bind", "127.0.0.1"]).arg("--dir").arg(self.data.path());
        match self.mode {
            Mode::Tls => {
                command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                for (option, file) in [
                    ("--tls-cert-file", "server.pem"),
                    ("--tls-key-file", "server.key"),
                    ("--tls-ca-cert-file", "ca.pem"),
                ] {
                    command.arg(option).arg(self.data.path().join(file));
                }
            }
            _ => {
                command.args(["--port", &port]);
            }
        }
        if self.mode == Mode::Cluster {
            // By default the nodes' own port is 10,000 higher, where it may be an outgoing
            // connection's.
            let nodes = free_port().to_string();
            command.args(["--cluster-enabled", "yes", "--cluster-port", &nodes]);
        }
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        let mut process = Process::start("Redis", &mut command);
        process.wait_for_output(ready).await;
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

/// An authority, and the certificate of a server on this machine.
fn make_certificates(folder: &Path) {
    let extensions = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n";
    fs::write(folder.join("extensions"), extensions).expect("a file");
    let openssl = |arguments: &str| {
        output(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=localhost -keyout server.key -out server.csr"));
    openssl(
        "x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
         -extfile extensions -out server.pem",
    );
}
