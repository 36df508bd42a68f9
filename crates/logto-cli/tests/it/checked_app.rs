//! A set-up to check: a tenant, an app, and what the app's environment says.

use logto_local::{LocalTenant, LocalTenantBuilder};
use logto_management::Management;
use serde_json::Value;
use tempfile::TempDir;

use crate::app::ReservedPort;
use crate::support::{Run, logto, run};

const COOKIE_SECRET: &str = "a cookie secret that is long enough";

/// A tenant, a running app, and what the app's environment says.
pub(crate) struct CheckedApp {
    pub(crate) tenant: LocalTenant,
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) folder: TempDir,
}

impl CheckedApp {
    pub(crate) async fn healthy() -> Self {
        let port = ReservedPort::new().await;
        let tenant = LocalTenant::builder().base_url(&port.base_url).back_channel_logout(true);
        let checked = Self::at(&port.base_url, tenant).await;
        port.run_app(&checked.tenant);
        checked
    }

    /// With an app that does not run.
    pub(crate) async fn idle() -> Self {
        let base_url = ReservedPort::new().await.release();
        Self::at(&base_url, LocalTenant::builder().base_url(&base_url)).await
    }

    pub(crate) async fn at(base_url: &str, tenant: LocalTenantBuilder) -> Self {
        let tenant = tenant.start().await.unwrap();
        let machine = tenant.machine_app().clone();
        let variables = vec![
            ("LOGTO_ENDPOINT", tenant.endpoint().to_owned()),
            ("LOGTO_APP_ID", tenant.app_id().to_owned()),
            ("LOGTO_APP_SECRET", tenant.app_secret().to_owned()),
            ("LOGTO_COOKIE_SECRET", COOKIE_SECRET.to_owned()),
            ("BASE_URL", base_url.to_owned()),
            ("LOGTO_M2M_APP_ID", machine.app_id),
            ("LOGTO_M2M_APP_SECRET", machine.app_secret),
        ];
        Self { tenant, variables, folder: TempDir::new().unwrap() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn management(&self) -> Management {
        let machine = self.tenant.machine_app();
        let (id, secret) = (machine.app_id.as_str(), machine.app_secret.as_str());
        Management::builder(self.tenant.endpoint(), id, secret)
            .requests_per_second(10_000)
            .build()
            .unwrap()
    }

    pub(crate) async fn check(&self, arguments: &[&str]) -> Run {
        let arguments = [&["doctor"], arguments].concat();
        let mut command = logto(self.folder.path(), &arguments);
        command.envs(self.variables.iter().cloned());
        run(command).await
    }

    /// Check and finding of everything that was found.
    pub(crate) async fn findings(&self, arguments: &[&str]) -> Vec<(String, Value)> {
        let run = self.check(&[&["--json"], arguments].concat()).await;
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        let mut found = Vec::new();
        for checked in report["checks"].as_array().unwrap() {
            let check = checked["check"].as_str().unwrap();
            let findings = checked["findings"].as_array().into_iter().flatten();
            found.extend(findings.map(|finding| (check.to_owned(), finding.clone())));
        }
        let problems = found.iter().filter(|(_, finding)| finding["severity"] == "problem");
        let healthy = problems.count() == 0;
        assert_eq!(report["healthy"], healthy);
        assert_eq!(run.status, i32::from(!healthy), "{run:?}");
        found
    }

    /// Exactly this is found, and told with a reason and a remedy.
    pub(crate) async fn suffers_from(&self, check: &str, told: &str) -> Value {
        self.suffers_with(&[], check, told).await
    }

    pub(crate) async fn suffers_with(&self, arguments: &[&str], check: &str, told: &str) -> Value {
        let found = self.findings(arguments).await;
        let [(found_by, finding)] = found.as_slice() else {
            panic!("not one finding about {check}: {found:#?}");
        };
        assert_eq!(found_by, check, "{finding}");
        let what = finding["what"].as_str().unwrap();
        assert!(what.contains(told), "{what:?} does not say {told:?}");
        for member in ["why", "fix"] {
            assert!(finding[member].as_str().is_some_and(|text| text.len() > 20), "{finding}");
        }
        let secret = self.tenant.app_secret();
        assert!(!finding.to_string().contains(secret), "{finding}");
        finding.clone()
    }
}
