//! What the SDK adds to an app that is built from nothing: CPU time, crates, and bytes of the
//! program.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::report::Report;

struct App {
    name: &'static str,
    dependencies: String,
    main: &'static str,
}

const BARE: &str = r#"
use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/", get(async || "hello"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
"#;
const OURS: &str = r#"
use axum::{Router, routing::get};
use logto_axum::{Logto, LogtoConfig, User, layer, routes};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = Logto::new(LogtoConfig::from_env()?)?;
    let hello = async |user: User| format!("Hello, {}!", user.name().unwrap_or("you"));
    let app = Router::new().route("/", get(hello)).merge(routes(&logto)).layer(layer(&logto));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
"#;
/// What a sign-in of one's own starts with.
const OPENIDCONNECT: &str = r#"
use axum::{Router, routing::get};
use openidconnect::core::{CoreClient, CoreProviderMetadata, CoreResponseType};
use openidconnect::{AuthenticationFlow, ClientId, CsrfToken, IssuerUrl, Nonce, reqwest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::new();
    let issuer = IssuerUrl::new("https://my-tenant.logto.app/oidc".to_owned())?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("app".to_owned()), None);
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (url, ..) = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random).url();
    let app = Router::new().route("/", get(async move || url.to_string()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
"#;

/// What building it took.
struct Built {
    seconds: f64,
    crates: usize,
    bytes: u64,
}

pub fn run(report: &Report) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let ours = repository.join("crates/logto-axum").display().to_string();
    let apps = [
        App { name: "axum: hello", dependencies: String::new(), main: BARE },
        App {
            name: "logto-axum, the ten lines",
            dependencies: format!("logto-axum = {{ path = {ours:?} }}"),
            main: OURS,
        },
        App {
            name: "openidconnect, discovery and an address to sign in at",
            dependencies: r#"openidconnect = "4""#.to_owned(),
            main: OPENIDCONNECT,
        },
    ];
    let folder = std::env::temp_dir().join(format!("logto-build-{}", std::process::id()));
    let built = apps.each_ref().map(|app| build(app, &folder, &repository));
    let [bare, ..] = &built;
    let rows: Vec<_> = apps
        .iter()
        .zip(&built)
        .map(|(app, built)| {
            [
                app.name.to_owned(),
                format!("{:.0} s", built.seconds),
                format!("{:.0} s", built.seconds - bare.seconds),
                format!("{}", built.crates),
                format!("{:.1} MB", built.bytes as f64 / 1e6),
            ]
        })
        .collect();
    let head = ["app", "CPU time", "added", "crates", "program"];
    report.rows("A release build from nothing", head, &rows);
    let _ = fs::remove_dir_all(folder);
}

fn build(app: &App, folder: &Path, repository: &Path) -> Built {
    let write = |path: &str, text: &str| fs::write(folder.join(path), text).expect("a file");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let dependencies = &app.dependencies;
    write(
        "Cargo.toml",
        &format!(
            r#"[package]
name = "built"
edition = "2024"

[workspace]

[dependencies]
axum = {{ version = "0.8", default-features = false, features = ["http1", "tokio"] }}
tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
{dependencies}
"#
        ),
    );
    write("src/main.rs", app.main);
    fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let _ = fs::remove_dir_all(folder.join("target"));
    let cargo = |arguments: &[&str]| {
        let output = Command::new("cargo").args(arguments).current_dir(folder).output();
        let output = output.expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    // Not measured: what is downloaded.
    cargo(&["fetch", "--quiet"]);
    let tree = cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let mut crates: Vec<_> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    crates.sort_unstable();
    crates.dedup();
    let before = children_time();
    cargo(&["build", "--quiet", "--release", "--target-dir", "target"]);
    let seconds = children_time() - before;
    let bytes = fs::metadata(folder.join("target/release/built")).expect("a program").len();
    // Without the app.
    Built { seconds, crates: crates.len() - 1, bytes }
}

/// The CPU time of the processes that this one waited for, in seconds.
fn children_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    // After the name, which may have spaces: cutime and cstime are the 14th and 15th field.
    let fields = stat.rsplit(')').next().expect("fields").split_whitespace();
    let ticks: f64 =
        fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("ticks")).sum();
    ticks / 100.0
}
