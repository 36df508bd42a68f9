//! Redis or Valkey.

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
