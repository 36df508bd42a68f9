//! `logto local`.

use std::collections::HashMap;
use std::env::temp_dir;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use logto_management::{Management, NewUser};
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use crate::support::{logto, run};

/// A failure says what is missing instead of waiting for it for ever.
const PATIENCE: Duration = Duration::from_secs(30);
const VARIABLES: [&str; 7] = [
    "LOGTO_ENDPOINT",
    "BASE_URL",
    "LOGTO_M2M_APP_ID",
    "LOGTO_M2M_APP_SECRET",
    "LOGTO_APP_ID",
    "LOGTO_APP_SECRET",
    "LOGTO_COOKIE_SECRET",
];

#[tokio::test]
async fn a_tenant_runs_until_it_is_interrupted() {
    let arguments = [
        &["local", "--port", "0", "--user", "dora:things-reader"][..],
        &["--api", "http://localhost:8000/mcp", "read:notes", "write:notes"],
    ]
    .concat();
    let mut child = logto(&temp_dir(), &arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut exports = HashMap::new();
    while exports.len() < VARIABLES.len() {
        let line = lines.next_line().await.unwrap().unwrap();
        let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
        exports.insert(name.to_owned(), value.to_owned());
    }
    for name in VARIABLES {
        assert!(exports.contains_key(name), "{name}: {exports:?}");
    }
    let endpoint = &exports["LOGTO_ENDPOINT"];
    let page = reqwest::get(endpoint).await.unwrap().text().await.unwrap();
    for shown in ["Dora Example", &exports["LOGTO_APP_ID"], "localhost:3000/callback"] {
        assert!(page.contains(shown), "{shown}");
    }
    for (resource, status) in [("http://localhost:8000/mcp", 200), ("http://localhost:8001", 400)] {
        let request = reqwest::Client::new().post(format!("{endpoint}/oidc/token"));
        let request = request
            .basic_auth(&exports["LOGTO_M2M_APP_ID"], Some(&exports["LOGTO_M2M_APP_SECRET"]))
            .form(&[("grant_type", "client_credentials"), ("resource", resource)]);
        assert_eq!(request.send().await.unwrap().status(), status, "{resource}");
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().unwrap().to_string()]).status();
    assert!(interrupt.unwrap().success());
    assert!(child.wait().await.unwrap().success());
    assert!(reqwest::get(endpoint).await.is_err());
}

#[tokio::test]
async fn a_command_gets_the_tenant_in_its_environment_and_ends_it() {
    let program = format!("echo ${}; exit 7", VARIABLES.join(" $"));
    let arguments = ["local", "--port", "0", "--base-url", "http://localhost:4000"];
    let mut command = logto(&temp_dir(), &arguments);
    let run = run({
        command.args(["--", "sh", "-c", &program]);
        command
    })
    .await;
    assert_eq!(run.status, 7, "{run:?}");
    let values: Vec<_> = run.out.split_whitespace().collect();
    assert_eq!(values.len(), VARIABLES.len(), "{run:?}");
    assert_eq!(values[1], "http://localhost:4000");
    assert!(!run.out.contains("export"), "{run:?}");
}

/// As a shell says it of a command that it ran.
#[cfg(unix)]
#[tokio::test]
async fn a_command_that_is_killed_is_told_from_one_that_fails() {
    for (signal, status) in [("KILL", 137), ("TERM", 143)] {
        let program = format!("kill -{signal} $$");
        let run = run(logto(&temp_dir(), &["local", "--port", "0", "--", "sh", "-c", &program]));
        assert_eq!(run.await.status, status, "{signal}");
    }
}

/// A supervisor signals the program that it started, and no other.
#[tokio::test]
async fn a_command_is_asked_to_end_as_the_program_is() {
    let program = "trap 'echo stopped cleanly; exit' TERM; echo up; while :; do sleep 0.05; done";
    let arguments = ["local", "--port", "0", "--", "sh", "-c", program];
    let mut child = logto(&temp_dir(), &arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = async || timeout(PATIENCE, lines.next_line()).await.expect("a line").unwrap();
    assert_eq!(line().await.as_deref(), Some("up"));
    let ask = Command::new("kill").args(["-TERM", &child.id().unwrap().to_string()]).status();
    assert!(ask.unwrap().success());
    assert_eq!(line().await.as_deref(), Some("stopped cleanly"));
    assert!(child.wait().await.unwrap().success());
}

/// The test is the app.
#[tokio::test]
async fn webhooks_come_to_the_app_with_their_key() {
    let app = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base_url = format!("http://localhost:{}", app.local_addr().unwrap().port());
    let arguments = ["local", "--port", "0", "--webhooks", "--base-url", &base_url];
    let mut child = logto(&temp_dir(), &arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut exports = HashMap::new();
    while exports.len() < VARIABLES.len() + 1 {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("another variable");
        let line = line.unwrap().unwrap();
        let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
        exports.insert(name.to_owned(), value.to_owned());
    }
    let value = |name: &str| exports[name].as_str();
    let (id, secret) = (value("LOGTO_M2M_APP_ID"), value("LOGTO_M2M_APP_SECRET"));
    let management = Management::new(value("LOGTO_ENDPOINT"), id, secret).unwrap();
    let hooks = management.hooks().list().all().await.unwrap();
    let [hook] = &hooks[..] else { panic!("{hooks:?}") };
    assert_eq!(hook.config.url, format!("{base_url}/webhooks/logto"));
    assert_eq!(hook.signing_key.expose_secret(), value("LOGTO_WEBHOOK_SIGNING_KEY"));

    app.set_nonblocking(true).unwrap();
    let app = tokio::net::TcpListener::from_std(app).unwrap();
    management.users().create(&NewUser::default()).await.unwrap();
    let (connection, _) = timeout(PATIENCE, app.accept()).await.expect("a delivery").unwrap();
    let mut head = BufReader::new(connection).lines();
    assert_eq!(head.next_line().await.unwrap().unwrap(), "POST /webhooks/logto HTTP/1.1");
    let signature = loop {
        let line = head.next_line().await.unwrap().unwrap();
        if let Some(signature) = line.strip_prefix("logto-signature-sha-256: ") {
            break signature.to_owned();
        }
    };
    assert_eq!(signature.len(), 64);
    child.kill().await.unwrap();
}

/// As a newcomer tries it out: an empty tenant, and the set-up as its command.
#[tokio::test]
async fn an_empty_tenant_can_be_set_up_to_keep_tokens() {
    let folder = tempfile::tempdir().unwrap();
    for (token_storage, status) in [(&["--token-storage"][..], 0), (&[], 1)] {
        let logto_itself = env!("CARGO_BIN_EXE_logto");
        let set_up = ["--", logto_itself, "setup", "hugging-face", "--with-token-storage"];
        let arguments = [&["local", "--port", "0", "--empty"], token_storage, &set_up].concat();
        let run = run(logto(folder.path(), &arguments)).await;
        assert_eq!(run.status, status, "{run:?}");
        let switched_on = "✓ let apps read the tokens of the users";
        assert_eq!(run.out.contains(switched_on), status == 0, "{run:?}");
        assert_eq!(run.err.contains("SECRET_VAULT_KEK"), status == 1, "{run:?}");
    }
}

#[tokio::test]
async fn what_cannot_start_says_what_to_do() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for (arguments, status, told) in [
        (&["--port", &port][..], 1, "logto local --port"),
        (&["--app-secret", "real"], 2, "must begin with `local-`"),
        (&["--base-url", "nonsense"], 2, "not an absolute URL"),
        (&["--base-url", "localhost:3000"], 2, "not an absolute URL"),
        (&["--base-url", "https://app.example.com"], 2, "not on this machine"),
        (&["--base-url", "http://localhost:0"], 2, "has the port 0"),
        (&["--redirect-uri", "http://localhost:0/callback"], 2, "has the port 0"),
        (&["--port", "0", "--api", "not a uri", "p"], 2, "is not an identifier of an API"),
        (&["--port", "0", "--api", "https://a.example#b", "p"], 2, "an absolute URI without #"),
        (&["--port", "0", "--api", "https://a.example", "read notes"], 2, "is one word"),
        (&["--user", "../alice"], 2, "--user dora"),
        (&["--port", "0", "--", "/no/such/program"], 1, "could not be started"),
    ] {
        let run = run(logto(&temp_dir(), &[&["local"], arguments].concat()));
        let run = timeout(PATIENCE, run).await.expect("an end");
        assert_eq!(run.status, status, "{arguments:?}: {run:?}");
        assert!(run.err.contains(told), "{arguments:?}: {run:?}");
        assert_eq!(run.out, "", "{arguments:?}");
    }
}

#[tokio::test]
async fn an_unknown_option_is_told_from_a_failure() {
    let run = run(logto(&temp_dir(), &["local", "--porrt", "1"])).await;
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.err.contains("--port"), "{run:?}");
}
