//! `logto login`, `logto token`, `logto logout`.

use std::path::Path;
use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant};
use logto_management::Management;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::{Run, logto, run};

/// A failure says what is missing instead of waiting for it for ever.
const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const API: &str = "https://api.example.test";

/// A tenant with an application of devices, and someone's home.
pub(crate) struct Machine {
    tenant: LocalTenant,
    app: String,
    home: TempDir,
}

impl Machine {
    pub(crate) async fn new() -> Self {
        Self::of(None).await
    }

    /// With an application of programs that open a browser.
    async fn with_browser() -> Self {
        Self::of(Some("http://127.0.0.1/callback")).await
    }

    async fn of(redirect: Option<&str>) -> Self {
        let tenant = LocalTenant::start().await.unwrap();
        let machine = tenant.machine_app();
        let management =
            Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap();
        let body = json!({
            "name": "cli", "type": "Native", "customClientMetadata": { "isDeviceFlow": redirect.is_none() },
            "oidcClientMetadata": {
                "redirectUris": redirect.into_iter().collect::<Vec<_>>(), "postLogoutRedirectUris": [],
            },
        });
        let app: Value = management.post(&["applications"]).json(&body).send().await.unwrap();
        let app = app["id"].as_str().unwrap().to_owned();
        Self { tenant, app, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let folder: &Path = self.home.path();
        let mut command = logto(folder, arguments);
        command
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("LOGTO_ENDPOINT", self.tenant.endpoint())
            .env("LOGTO_NATIVE_APP_ID", &self.app);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        run(self.command(arguments)).await
    }

    /// Begins a sign-in, and finds an address in what it prints.
    async fn login(
        &self,
        more: &[&str],
        address: impl Fn(&str) -> Option<String>,
    ) -> (Child, String) {
        let arguments = [&["login", "--resource", API, "--scope", "read:things"], more].concat();
        let mut child = self.command(&arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("an address");
            if let Some(address) = address(&line) {
                return (child, address);
            }
        }
    }

    pub(crate) async fn sign_in(&self) {
        let complete = |line: &str| {
            let rest = line.strip_prefix("or open ")?;
            rest.split(' ').next().map(str::to_owned)
        };
        let (child, address) = self.login(&[], complete).await;
        self.tenant.browser().approve_device(&address, "alice").await.unwrap();
        is_signed_in(child).await;
    }
}

async fn is_signed_in(child: Child) {
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Signed in as Alice Example\n");
}

#[tokio::test]
async fn a_user_signs_in_once_and_scripts_get_tokens() {
    let machine = Machine::new().await;
    let before = machine.run(&["token", API]).await;
    assert_eq!((before.status, before.out.as_str()), (1, ""), "{before:?}");
    assert!(before.err.contains("logto login"), "{before:?}");

    machine.sign_in().await;

    let first = machine.run(&["token", API]).await;
    assert_eq!((first.status, first.out.trim().split('.').count()), (0, 3), "{first:?}");
    assert_eq!(machine.run(&["token", API]).await.out, first.out);
    let other = machine.run(&["token", "https://default.logto.app/api"]).await;
    assert!(other.status == 1 && other.err.contains("--resource"), "{other:?}");

    // With the variables of another app or tenant, this sign-in stays.
    for (variable, value) in
        [("LOGTO_NATIVE_APP_ID", "another"), ("LOGTO_ENDPOINT", "https://another.example")]
    {
        let mut command = machine.command(&["logout"]);
        command.env(variable, value);
        let none = run(command).await;
        assert_eq!((none.status, none.out.as_str()), (1, ""), "{none:?}");
        assert!(none.err.contains("no one is signed in") && none.err.contains(value), "{none:?}");
    }
    assert_eq!(machine.run(&["token", API]).await.out, first.out);

    let out = machine.run(&["logout"]).await;
    assert_eq!((out.status, out.out.as_str()), (0, "Signed out\n"), "{out:?}");
    assert_eq!(machine.run(&["token", API]).await.status, 1);
}

#[tokio::test]
async fn a_user_signs_in_in_the_browser_of_the_machine() {
    let machine = Machine::with_browser().await;
    let url = |line: &str| line.starts_with("http").then(|| line.to_owned());
    let (child, url) = machine.login(&["--browser"], url).await;
    let back = machine.tenant.sign_in(&url, "alice").await.unwrap();
    assert_eq!(reqwest::get(&back).await.unwrap().status(), 200);
    is_signed_in(child).await;
    assert_eq!(machine.run(&["token", API]).await.status, 0);

    // The device flow is for applications of another kind.
    let refused = machine.run(&["login"]).await;
    assert!(refused.status == 1 && refused.err.contains("logto login --browser"), "{refused:?}");
}

#[tokio::test]
async fn processes_that_ask_at_once_redeem_the_refresh_token_once() {
    let machine = Machine::new().await;
    machine.sign_in().await;
    machine.tenant.clear_requests();
    // All are at work before one has its answer.
    machine.tenant.faults().set(Endpoint::Token, Fault::HoldAnswer);
    let asking: Vec<_> =
        (0..8).map(|_| tokio::spawn(run(machine.command(&["token", API])))).collect();
    let refreshes = || {
        let seen = machine.tenant.requests();
        seen.iter().filter(|one| one.param("grant_type") == Some("refresh_token")).count()
    };
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    while refreshes() == 0 {
        tick.tick().await;
    }
    machine.tenant.faults().clear();
    let mut tokens = Vec::new();
    for one in asking {
        let run = one.await.unwrap();
        assert_eq!(run.status, 0, "{run:?}");
        tokens.push(run.out);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(refreshes(), 1);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let machine = Machine::new().await;
    let mut command = machine.command(&["login"]);
    command.env_remove("LOGTO_NATIVE_APP_ID");
    let run = run(command).await;
    assert!(run.status == 2 && run.err.contains("LOGTO_NATIVE_APP_ID"), "{run:?}");
    let run = machine.run(&["token", API, "--env-file", "ap.env"]).await;
    assert!(run.status == 2 && run.err.contains("there is no file ap.env"), "{run:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_place_that_cannot_be_written_is_told_before_the_user_signs_in() {
    for machine in [Machine::new().await, Machine::with_browser().await] {
        // Not a folder, so that root cannot write there either.
        let folder = machine.home.path().join("taken");
        std::fs::write(&folder, "").unwrap();
        machine.tenant.clear_requests();
        for arguments in [&["login"][..], &["login", "--browser"]] {
            let mut command = machine.command(arguments);
            command.env("HOME", &folder).env("XDG_CONFIG_HOME", &folder);
            let run = timeout(PATIENCE, run(command)).await.expect("an error, and no sign-in");
            assert_eq!(run.status, 1, "{run:?}");
            for told in ["cannot be stored", folder.to_str().unwrap(), "Not a directory"] {
                assert!(run.err.contains(told), "{told}: {run:?}");
            }
            assert!(!run.err.contains("Open "), "{run:?}");
        }
        assert!(machine.tenant.requests().is_empty(), "{:?}", machine.tenant.requests());
    }
}
