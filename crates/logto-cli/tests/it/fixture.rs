//! A tenant to set up, and a folder to do it from.

use std::fs;
use std::path::PathBuf;

use logto_local::{LocalTenant, LocalTenantBuilder};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{Run, logto, run};

pub(crate) const CLIENT_SECRET: &str = "local-secret-of-the-oauth-app";
pub(crate) const BASE_URL: &str = "http://localhost:3000";

/// A tenant to set up, and a folder to do it from.
pub(crate) struct Fixture {
    pub(crate) tenant: LocalTenant,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) async fn new(tenant: LocalTenantBuilder) -> Self {
        Self { tenant: tenant.start().await.unwrap(), folder: TempDir::new().unwrap() }
    }

    pub(crate) async fn empty() -> Self {
        Self::new(LocalTenant::builder().empty()).await
    }

    pub(crate) async fn set_up(&self, arguments: &[&str]) -> Run {
        self.set_up_with(arguments, &[]).await
    }

    /// An empty value takes a variable away.
    pub(crate) async fn set_up_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        self.tenant.clear_requests();
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        run(command).await
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let machine = self.tenant.machine_app();
        let mut command =
            logto(self.folder.path(), &[&["setup", "hugging-face"], arguments].concat());
        command
            .env("LOGTO_ENDPOINT", self.tenant.endpoint())
            .env("LOGTO_M2M_APP_ID", &machine.app_id)
            .env("LOGTO_M2M_APP_SECRET", &machine.app_secret)
            .env("HUGGING_FACE_CLIENT_ID", "client-id")
            .env("HUGGING_FACE_CLIENT_SECRET", CLIENT_SECRET)
            .env("BASE_URL", BASE_URL);
        command
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(".env")
    }

    pub(crate) fn env(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }

    pub(crate) fn value(&self, name: &str) -> String {
        let env = self.env();
        let line = env.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}")).to_owned()
    }

    /// What was sent to change the tenant.
    pub(crate) fn changes(&self) -> Vec<String> {
        let requests = self.tenant.requests();
        let changing = requests
            .iter()
            .filter(|request| request.path.starts_with("/api/") && request.method != "GET");
        changing.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}
