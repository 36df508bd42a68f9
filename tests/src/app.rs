//! The example apps, built once and run as processes of their own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

use logto_local::LocalTenant;
use logto_servers::{Process, eventually, free_port};
use tokio::net::TcpStream;

/// The secret that the cookies of an app under test are sealed with.
pub(crate) const COOKIE_SECRET: &str = "a-cookie-secret-for-the-system-tests-0123456789";

/// One of the example apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Example {
    /// On Actix Web.
    ActixWeb,
    /// On axum.
    Axum,
    /// On poem.
    Poem,
    /// On Rocket.
    Rocket,
}

impl Example {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ActixWeb, Self::Axum, Self::Poem, Self::Rocket];

    /// The name of the program with the ten lines of the README.
    pub fn hello(self) -> &'static str {
        match self {
            Self::ActixWeb => "hello-actix-web",
            Self::Axum => "hello-axum",
            Self::Poem => "hello-poem",
            Self::Rocket => "hello-rocket",
        }
    }

    /// The name of package and program.
    pub fn package(self) -> &'static str {
        match self {
            Self::ActixWeb => "example-actix-web",
            Self::Axum => "example-axum",
            Self::Poem => "example-poem",
            Self::Rocket => "example-rocket",
        }
    }

    /// The name of the framework, for `cargo xtask demo`.
    pub fn framework(self) -> &'static str {
        self.package().trim_start_matches("example-")
    }
}

/// An example app, running as a process of its own.
#[derive(Debug)]
pub struct ExampleApp {
    process: Process,
    base_url: String,
}

impl ExampleApp {
    /// Builds the examples once, starts one on `base_url` with `environment`, and
    /// returns when it accepts connections.
    pub async fn start(example: Example, base_url: &str, environment: &[(&str, &str)]) -> Self {
        Self::run(example.package(), base_url, port_of(base_url), environment).await
    }

    /// The same for an instance that listens on `port`, and that browsers reach through a proxy at
    /// `base_url`.
    pub async fn start_behind_proxy(
        example: Example,
        base_url: &str,
        port: u16,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::run(example.package(), base_url, port, environment).await
    }

    /// The same with the ten lines of the README.
    pub async fn start_hello(
        example: Example,
        base_url: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let program = format!("examples/{}", example.hello());
        Self::run(&program, base_url, port_of(base_url), environment).await
    }

    /// The MCP server among the examples.
    pub async fn start_mcp(base_url: &str, environment: &[(&str, &str)]) -> Self {
        Self::run("example-mcp", base_url, port_of(base_url), environment).await
    }

    /// The app for a Hugging Face Space, where browsers find it at `host` through the proxy of
    /// Spaces.
    pub async fn start_space(host: &str, port: u16, environment: &[(&str, &str)]) -> Self {
        let port_name = port.to_string();
        let mut environment = environment.to_vec();
        environment.extend([("SPACE_HOST", host), ("PORT", port_name.as_str())]);
        Self::run("examples/space", "", port, &environment).await
    }

    async fn run(program: &str, base_url: &str, port: u16, environment: &[(&str, &str)]) -> Self {
        let command = Command::new(executables().join(program));
        Self::start_command(program, command, base_url, port, environment).await
    }

    /// The same for an app that is built elsewhere; `program` is its name.
    pub async fn start_command(
        program: &str,
        mut command: Command,
        base_url: &str,
        port: u16,
        environment: &[(&str, &str)],
    ) -> Self {
        command.env("BASE_URL", base_url).envs(environment.iter().copied());
        let mut process = Process::start(program, &mut command);

        eventually("the example app to accept connections", async || {
            if let Some(status) = process.exit_status() {
                panic!("{program} ended with {status}:\n{}", process.output());
            }
            TcpStream::connect(("localhost", port)).await.ok()
        })
        .await;
        Self { process, base_url: base_url.to_owned() }
    }

    /// The address a browser opens, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The port the app listens on.
    pub fn port(&self) -> u16 {
        port_of(&self.base_url)
    }

    /// Asks the app to stop, as an orchestrator does.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Stops it where it is: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Returns when it has printed `text`.
    ///
    /// # Panics
    ///
    /// If it ends before that, or takes too long.
    pub async fn wait_for_log(&mut self, text: &str) {
        self.process.wait_for_output(text).await;
    }

    /// How the app ended, when it has.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn ended(&mut self) -> ExitStatus {
        let process = &mut self.process;
        eventually("the example app to end", async || process.exit_status()).await
    }

    /// Everything the app has printed so far.
    pub fn log(&self) -> String {
        self.process.output()
    }
}

fn port_of(base_url: &str) -> u16 {
    let port = base_url.rsplit(':').next();
    port.and_then(|port| port.parse().ok()).expect("the address of an app under test has a port")
}

/// The variables of an app that signs users in at a local tenant.
pub fn signs_in_at(tenant: &LocalTenant) -> [(&'static str, &str); 4] {
    [
        ("LOGTO_ENDPOINT", tenant.endpoint()),
        ("LOGTO_APP_ID", tenant.app_id()),
        ("LOGTO_APP_SECRET", tenant.app_secret()),
        ("LOGTO_COOKIE_SECRET", COOKIE_SECRET),
    ]
}

/// The `logto` command, with nothing of the environment around it that is about Logto.
pub fn logto_command() -> Command {
    let mut command = Command::new(executables().join("logto"));
    for (variable, _) in env::vars_os() {
        if variable.to_string_lossy().starts_with("LOGTO_") {
            command.env_remove(variable);
        }
    }
    command
}

/// An address on this machine that no one listens on, for [`ExampleApp::start`].
pub fn free_base_url() -> String {
    format!("http://localhost:{}", free_port())
}

/// The folder with the programs.
fn executables() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build)
}

/// Builds the examples into the target folder and with the profile of the
/// running test, whose path is `<target>/<profile>/deps/<test>`.
fn build() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let mut folders = test.ancestors().skip(2);
    let profile_folder = folders.next().expect("a test is built by cargo");
    let target_folder = folders.next().expect("a test is built by cargo");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let status = Command::new(env!("CARGO"))
        // The same selection as in `cargo xtask demo` and `test-all`: another
        // one would build the dependencies again, with other features.
        .args(["build", "--quiet", "--workspace"])
        .args(Example::ALL.iter().flat_map(|example| ["--bin", example.package()]))
        .args(["--bin", "logto", "--bin", "example-mcp"])
        .args(["--example", "demo", "--example", "space"])
        .args(Example::ALL.iter().flat_map(|example| ["--example", example.hello()]))
        .args(["--profile", profile])
        .arg("--target-dir")
        .arg(target_folder)
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "the examples could not be built: {status}");
    profile_folder.to_owned()
}
