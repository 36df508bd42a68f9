//! The examples, built once and run as processes of their own, at a local tenant.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use logto_local::LocalTenant;
use logto_tests::{ExampleApp, free_port, signs_in_at};

/// What the examples need from cargo. `cargo xtask demo` and `test-frameworks` select the same.
const FEATURES: &str = "example-leptos/ssr,example-dioxus/server";

/// One of the frameworks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// Dioxus.
    Dioxus,
    /// Leptos.
    Leptos,
    /// Loco.
    Loco,
}

impl Framework {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dioxus, Self::Leptos, Self::Loco];

    /// The name of the folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dioxus => "dioxus",
            Self::Leptos => "leptos",
            Self::Loco => "loco",
        }
    }

    /// The program, in the folder that it finds its files in.
    fn command(self, port: &str) -> Command {
        let folder = examples().join(self.name());
        let mut command = Command::new(programs().join(format!("example-{}", self.name())));
        command.env("PORT", port).env("DIOXUS_PUBLIC_PATH", folder.join("public"));
        command.current_dir(folder);
        if self == Self::Loco {
            command.arg("start");
        }
        command
    }
}

/// A running example, and the tenant that users sign in at.
#[derive(Debug)]
pub struct Fixture {
    /// The tenant.
    pub tenant: LocalTenant,
    /// The example.
    pub app: ExampleApp,
}

impl Fixture {
    /// Starts both.
    pub async fn start(framework: Framework) -> Self {
        let port = free_port();
        let base_url = format!("http://localhost:{port}");
        let tenant = LocalTenant::builder().base_url(&base_url).start().await;
        let tenant = tenant.expect("the tenant starts");
        let command = framework.command(&port.to_string());
        let environment = signs_in_at(&tenant);
        let app =
            ExampleApp::start_command(framework.name(), command, &base_url, port, &environment);
        Self { app: app.await, tenant }
    }

    /// A page of the app.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app.base_url())
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// The folder with the programs.
fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build)
}

/// Builds into the target folder of the running test, whose path is `<target>/debug/deps/<test>`.
fn build() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(2).expect("a test is built by cargo");
    let target = folder.parent().expect("a test is built by cargo");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins", "--features", FEATURES])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "the examples could not be built: {status}");
    folder.to_owned()
}
