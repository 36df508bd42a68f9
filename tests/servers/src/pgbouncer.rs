//! PgBouncer.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use tempfile::TempDir;

use crate::postgres::owner;
use crate::process::{first_that_runs, output};
use crate::{Postgres, Process, free_port};

/// A connection pooler in front of a PostgreSQL server, to which it has one connection.
#[derive(Debug)]
pub struct PgBouncer {
    _process: Process,
    _folder: TempDir,
    port: u16,
    version: (u32, u32),
}

impl PgBouncer {
    /// Starts it with a pool mode (`session`, `transaction`) and so many connections to the server.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub async fn start(postgres: &Postgres, mode: &str, connections: usize) -> Self {
        let program = first_that_runs(&["pgbouncer", "/usr/sbin/pgbouncer"]).unwrap_or_else(|| {
            panic!("this test needs PgBouncer: install it (Debian: `apt-get install pgbouncer`)")
        });
        let (folder, port) = (tempfile::tempdir().expect("a folder for PgBouncer"), free_port());
        let version = version(&output(Command::new(program).arg("--version")));
        // Older ones do not know the setting.
        let prepared = if version >= (1, 21) { "max_prepared_statements = 100" } else { "" };
        let settings = format!(
            "[databases]
             postgres = host=127.0.0.1 port={} dbname=postgres user=logto
             [pgbouncer]
             listen_addr = 127.0.0.1
             listen_port = {port}
             unix_socket_dir =
             auth_type = any
             pool_mode = {mode}
             default_pool_size = {connections}
             ignore_startup_parameters = extra_float_digits
             {prepared}\n",
            postgres.port()
        );
        let settings: String = settings.lines().map(|line| format!("{}\n", line.trim())).collect();
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("a configuration for PgBouncer");
        let mut command = Command::new(program);
        command.arg(&file);
        if let Some((user, group)) = owner() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))
                .expect("root gives the folder to the user postgres");
            command.uid(user).gid(group);
        }
        let mut process = Process::start("PgBouncer", &mut command);
        process.wait_for_output("process up").await;
        Self { _process: process, _folder: folder, port, version }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("postgres://logto@127.0.0.1:{}/postgres", self.port)
    }

    /// Whether it knows the prepared statements of its clients (1.21 and later).
    pub fn knows_prepared_statements(&self) -> bool {
        self.version >= (1, 21)
    }
}

/// The first two numbers of `PgBouncer 1.18.0`.
fn version(said: &str) -> (u32, u32) {
    let numbers = said.split_whitespace().nth(1).unwrap_or_default();
    let mut numbers = numbers.split('.').filter_map(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
