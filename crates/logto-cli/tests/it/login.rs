//! `logto login`, `logto token`, `logto logout`.

use std::path::Path;

use logto_local::LocalTenant;
use logto_management::Management;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{Run, logto, run};

const API: &str = "https://api.example.test";

/// A tenant with an application of devices, and someone's home.
struct Machine {
    tenant: LocalTenant,
    app: String,
    home: TempDir,
}

impl Machine {
    async fn new() -> Self {
        let tenant = LocalTenant::start().await.unwrap();
        let machine = tenant.machine_app();
        let management =
            Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap();
        let body = json!({
            "name": "cli", "type": "Native", "customClientMetadata": { "isDeviceFlow": true },
            "oidcClientMetadata": { "redirectUris": [], "postLogoutRedirectUris": [] },
        });
        let app: Value = management.post(&["applications"]).json(&body).send().await.unwrap();
        let app = app["id"].as_str().unwrap().to_owned();
        Self { tenant, app, home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
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
}

#[tokio::test]
async fn a_person_signs_in_once_and_scripts_get_tokens() {
    let machine = Machine::new().await;
    let before = machine.run(&["token", API]).await;
    assert_eq!((before.status, before.out.as_str()), (1, ""), "{before:?}");
    assert!(before.err.contains("logto login"), "{before:?}");

    let arguments = ["login", "--resource", API, "--scope", "read:things"];
    let mut child = machine.command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("an address");
        if let Some(rest) = line.strip_prefix("or open ") {
            break rest.split(' ').next().unwrap().to_owned();
        }
    };
    machine.tenant.browser().approve_device(&address, "alice").await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Signed in as Alice Example\n");

    let first = machine.run(&["token", API]).await;
    assert_eq!((first.status, first.out.trim().split('.').count()), (0, 3), "{first:?}");
    assert_eq!(machine.run(&["token", API]).await.out, first.out);
    let other = machine.run(&["token", "https://default.logto.app/api"]).await;
    assert!(other.status == 1 && other.err.contains("--resource"), "{other:?}");

    let out = machine.run(&["logout"]).await;
    assert_eq!((out.status, out.out.as_str()), (0, "Signed out\n"), "{out:?}");
    assert_eq!(machine.run(&["token", API]).await.status, 1);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let machine = Machine::new().await;
    let mut command = machine.command(&["login"]);
    command.env_remove("LOGTO_NATIVE_APP_ID");
    let run = run(command).await;
    assert!(run.status == 2 && run.err.contains("LOGTO_NATIVE_APP_ID"), "{run:?}");
}
