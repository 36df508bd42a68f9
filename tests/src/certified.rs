//! A certified OpenID provider, as a process of Node.js.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use logto_servers::{Process, eventually};

const CLIENT_ID: &str = "8s6wye3gb7dq9a4n54lsn";
const CLIENT_SECRET: &str = "CertifiedProviderClientSecret123";

/// The certified npm `oidc-provider`, set up the way Logto sets it up, for one
/// app.
#[derive(Debug)]
pub struct CertifiedProvider {
    process: Process,
    endpoint: String,
}

impl CertifiedProvider {
    /// Installs the provider if needed and starts it for the app at `base_url`.
    pub async fn start(base_url: &str) -> Self {
        let mut command = Command::new(node_of(&folder()));
        command
            .arg("main.mjs")
            .current_dir(folder())
            .env("BASE_URL", base_url)
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET);
        let mut process = Process::start("the certified provider", &mut command);
        let endpoint = eventually("the certified provider to be ready", async || {
            if let Some(status) = process.exit_status() {
                panic!("the certified provider ended with {status}:\n{}", process.output());
            }
            process.output().lines().find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
        })
        .await;
        Self { process, endpoint }
    }

    /// What an app is given as `LOGTO_ENDPOINT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What an app is given as `LOGTO_APP_ID`.
    pub fn app_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// What an app is given as `LOGTO_APP_SECRET`.
    pub fn app_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// Every code and token that was issued so far.
    pub async fn issued_secrets(&self) -> Vec<String> {
        let answer = reqwest::get(format!("{}/issued-secrets", self.endpoint))
            .await
            .expect("the certified provider answers");
        answer.json().await.expect("a list of strings")
    }

    /// What the provider has printed so far.
    pub fn log(&self) -> String {
        self.process.output()
    }
}

/// A file of a package that the tests take from npm, after installing all of them if needed.
pub fn npm_file(path: &str) -> PathBuf {
    install(&folder());
    folder().join("node_modules").join(path)
}

/// The command line of MCP Inspector, after installing it if needed.
pub fn mcp_inspector() -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp-inspector");
    let mut command = Command::new(node_of(&folder));
    let launcher = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    command.arg(folder.join(launcher)).arg("--cli");
    command
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certified-provider")
}

/// The Node.js to run packages of a folder with, once they are installed: the one among them, which
/// is new enough, or where there is none for this machine, the installed one.
fn node_of(folder: &Path) -> PathBuf {
    install(folder);
    let packaged = folder.join("node_modules/.bin/node");
    if packaged.exists() { packaged } else { PathBuf::from("node") }
}

/// `npm ci`, unless the packages are those of the lock file already. Several
/// test processes may get here at once; the file lock lets one install.
fn install(folder: &Path) {
    let lock_file = folder.join("package-lock.json");
    let lock = File::open(&lock_file).expect("the lock file of the packages");
    lock.lock().expect("a lock on the lock file");

    let wanted = std::fs::read(&lock_file).expect("the lock file of the packages");
    let stamp = folder.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts"])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "the packages of the tests need Node.js and npm: install them \
                 (Debian: `apt-get install nodejs npm`): {error}"
            )
        });
    assert!(
        output.status.success(),
        "npm could not install the packages of the tests:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::write(stamp, wanted).expect("a note of what was installed");
}
