//! PostgreSQL, as root or as anyone else.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{first_that_runs, output};
use crate::{Process, free_port};

const CUT_ALL: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
    where datname = 'postgres'";
/// Who may not run a database server.
const ROOT: u32 = 0;

/// A PostgreSQL server with an empty database.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    programs: PathBuf,
    data: TempDir,
    port: u16,
}

impl Postgres {
    /// Makes a database and starts the server.
    pub async fn start() -> Self {
        let mut postgres = Self {
            process: None,
            programs: programs().unwrap_or_else(|| {
                panic!(
                    "this test needs PostgreSQL: install it (Debian: `apt-get install postgresql`)"
                )
            }),
            data: tempfile::tempdir().expect("a folder for the data"),
            port: free_port(),
        };
        postgres.make_database();
        postgres.start_again().await;
        postgres
    }

    /// Where it is. No one has a password.
    pub fn url(&self) -> String {
        format!("postgres://logto@127.0.0.1:{}/postgres", self.port)
    }

    /// Where it listens on this machine.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it without a warning: it recovers when it is started again.
    pub fn kill(&mut self) {
        // Not SIGKILL, which would leave its shared memory behind.
        if let Some(process) = self.process.take() {
            process.end_with("QUIT");
        }
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
    /// If it cannot be asked.
    pub fn drop_connections(&self) {
        self.run(CUT_ALL);
    }

    /// Cuts all connections, and has no room for new ones until [`welcome`](Self::welcome).
    ///
    /// # Panics
    ///
    /// If it cannot be asked.
    pub fn refuse(&mut self) {
        self.run("alter database postgres allow_connections false");
        self.run(CUT_ALL);
    }

    /// Has room for connections again.
    ///
    /// # Panics
    ///
    /// If it cannot be asked.
    pub fn welcome(&mut self) {
        self.run("alter database postgres allow_connections true");
    }

    /// Runs a statement in another database.
    fn run(&self, statement: &str) {
        let port = self.port.to_string();
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &port, "-U", "logto", "-d", "template1"]);
        output(psql.args(["-v", "ON_ERROR_STOP=1", "-q", "-c", statement]));
    }

    /// Starts it on the same port with the same data, and returns when it answers.
    pub async fn start_again(&mut self) {
        let mut command = self.command("postgres");
        command
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            // No one pulls the plug of this machine during a test.
            .args(["-c", "fsync=off"])
            .args(["-p", &self.port.to_string()]);
        let mut process = Process::start("PostgreSQL", &mut command);
        process.wait_for_output("ready to accept connections").await;
        self.process = Some(process);
    }

    fn make_database(&self) {
        if let Some((user, group)) = owner() {
            std::os::unix::fs::chown(self.data.path(), Some(user), Some(group))
                .expect("root gives the folder to the user postgres");
        }
        let mut command = self.command("initdb");
        command.args(["--auth=trust", "--username=logto", "--no-sync"]);
        command.args(["--encoding=UTF8", "--locale=C"]);
        output(&mut command);
    }

    /// A program of PostgreSQL over this folder, run by someone who may.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-D").arg(self.data.path()).current_dir(self.data.path());
        if let Some((user, group)) = owner() {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The user of Debian's package, if this is root.
pub(crate) fn owner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> u32 {
        let id = output(Command::new("id").args(arguments));
        id.trim().parse().expect("`id` tells a number")
    };
    (id(&["-u"]) == ROOT).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}

/// The folder with the programs: where the search path finds them, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    if first_that_runs(&["initdb"]).is_some() {
        return Some(PathBuf::new());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.flatten().max_by_key(|version| {
        let name = version.file_name();
        name.to_str().and_then(|name| name.parse::<u32>().ok())
    })?;
    let folder = newest.path().join("bin");
    Path::exists(&folder.join("initdb")).then_some(folder)
}
