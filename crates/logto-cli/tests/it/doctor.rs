//! `logto doctor`: nothing on a healthy set-up, and each misconfiguration by itself.

use std::path::Path;
use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant, LocalTenantBuilder};
use serde_json::Value;
use tempfile::TempDir;

use crate::app::Place;
use crate::support::{Run, logto, run};

const COOKIE_SECRET: &str = "a cookie secret that is long enough";

/// A tenant, a running app, and what the app's environment says.
struct Patient {
    tenant: LocalTenant,
    variables: Vec<(&'static str, String)>,
    folder: TempDir,
}

impl Patient {
    async fn healthy() -> Self {
        let place = Place::find().await;
        let patient = Self::at(&place, LocalTenant::builder().base_url(&place.base_url)).await;
        place.run_app(&patient.tenant);
        patient
    }

    /// With an app that does not run.
    async fn at(place: &Place, tenant: LocalTenantBuilder) -> Self {
        let tenant = tenant.start().await.unwrap();
        let machine = tenant.machine_app().clone();
        let variables = vec![
            ("LOGTO_ENDPOINT", tenant.endpoint().to_owned()),
            ("LOGTO_APP_ID", tenant.app_id().to_owned()),
            ("LOGTO_APP_SECRET", tenant.app_secret().to_owned()),
            ("LOGTO_COOKIE_SECRET", COOKIE_SECRET.to_owned()),
            ("BASE_URL", place.base_url.clone()),
            ("LOGTO_M2M_APP_ID", machine.app_id),
            ("LOGTO_M2M_APP_SECRET", machine.app_secret),
        ];
        Self {
            tenant,
            variables,
            folder: TempDir::new().unwrap(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    async fn examine(&self, arguments: &[&str]) -> Run {
        let arguments = [&["doctor"], arguments].concat();
        let mut command = logto(self.folder.path(), &arguments);
        command.envs(self.variables.iter().cloned());
        run(command).await
    }

    /// Check and finding of everything that was found.
    async fn findings(&self, arguments: &[&str]) -> Vec<(String, Value)> {
        let run = self.examine(&[&["--json"], arguments].concat()).await;
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        let mut found = Vec::new();
        for checked in report["checks"].as_array().unwrap() {
            let check = checked["check"].as_str().unwrap();
            let findings = checked["findings"].as_array().into_iter().flatten();
            found.extend(findings.map(|finding| (check.to_owned(), finding.clone())));
        }
        let problems = found
            .iter()
            .filter(|(_, finding)| finding["severity"] == "problem");
        let healthy = problems.count() == 0;
        assert_eq!(report["healthy"], healthy);
        assert_eq!(run.status, i32::from(!healthy), "{run:?}");
        found
    }

    /// Exactly this is found, and told with a reason and a remedy.
    async fn suffers_from(&self, check: &str, told: &str) {
        self.suffers_with(&[], check, told).await;
    }

    async fn suffers_with(&self, arguments: &[&str], check: &str, told: &str) {
        let found = self.findings(arguments).await;
        let [(found_by, finding)] = found.as_slice() else {
            panic!("not one finding about {check}: {found:#?}");
        };
        assert_eq!(found_by, check, "{finding}");
        let what = finding["what"].as_str().unwrap();
        assert!(what.contains(told), "{what:?} does not say {told:?}");
        for member in ["why", "mend"] {
            assert!(
                finding[member].as_str().is_some_and(|text| text.len() > 20),
                "{finding}"
            );
        }
        let secret = self.tenant.app_secret();
        assert!(!finding.to_string().contains(secret), "{finding}");
    }
}

#[tokio::test]
async fn nothing_is_found_on_a_healthy_set_up() {
    let patient = Patient::healthy().await;
    let run = patient.examine(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    for mark in ['✗', '!', '–'] {
        assert!(
            !run.out.lines().any(|line| line.starts_with(mark)),
            "{}",
            run.out
        );
    }
    assert!(run.out.contains("No problems found."));
    assert!(patient.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn the_examination_changes_nothing_and_signs_nobody_in() {
    let patient = Patient::healthy().await;
    patient.tenant.clear_requests();
    patient.examine(&[]).await;
    for request in patient.tenant.requests() {
        let harmless = request.method == "GET" || request.path == "/oidc/token";
        assert!(harmless, "{request:?}");
    }
    assert!(!patient.folder.path().join(".env").exists());
}

#[tokio::test]
async fn the_configuration_can_be_in_a_file() {
    let mut patient = Patient::healthy().await;
    let lines: Vec<_> = patient
        .variables
        .drain(..)
        .map(|(name, value)| format!("{name}=\"{value}\"\n"))
        .collect();
    write(patient.folder.path(), "app.env", &lines.concat());
    let run = patient.examine(&["--env-file", "app.env"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    let run = patient.examine(&[]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.out.contains("LOGTO_APP_SECRET is not set"), "{run:?}");
}

fn write(folder: &Path, file: &str, text: &str) {
    std::fs::write(folder.join(file), text).unwrap();
}

#[tokio::test]
async fn a_configuration_that_no_app_starts_with() {
    let patient = Patient::healthy()
        .await
        .with("LOGTO_COOKIE_SECRET", "short");
    patient
        .suffers_from("configuration", "LOGTO_COOKIE_SECRET is too short")
        .await;
}

#[tokio::test]
async fn an_endpoint_where_nothing_is() {
    let nobody = Place::find().await;
    let patient = Patient::healthy()
        .await
        .with("LOGTO_ENDPOINT", &nobody.base_url);
    drop(nobody);
    patient.suffers_from("endpoint", "cannot be reached").await;
}

#[tokio::test]
async fn an_endpoint_that_is_something_else() {
    let patient = Patient::healthy().await;
    let base_url = patient.variables[4].1.clone();
    let patient = patient.with("LOGTO_ENDPOINT", base_url);
    patient
        .suffers_from("endpoint", "is no Logto tenant: status 404")
        .await;
}

#[tokio::test]
async fn an_endpoint_by_another_name() {
    let patient = Patient::healthy().await;
    let other = patient.tenant.endpoint().replace("localhost", "127.0.0.1");
    let issuer = patient.tenant.issuer().to_owned();
    patient
        .with("LOGTO_ENDPOINT", other)
        .suffers_from("endpoint", &issuer)
        .await;
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let patient = Patient::healthy().await;
    patient.tenant.clock().advance(Duration::from_secs(600));
    patient.suffers_from("clock", "behind Logto's").await;
}

#[tokio::test]
async fn keys_that_cannot_be_had() {
    let patient = Patient::healthy().await;
    patient
        .tenant
        .faults()
        .set(Endpoint::Jwks, Fault::Status(502));
    patient.suffers_from("keys", "502").await;
}

#[tokio::test]
async fn an_app_that_the_tenant_does_not_know() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url);
    let patient = Patient::at(&place, tenant).await;
    let patient = patient.with("LOGTO_APP_ID", "nobody");
    patient.suffers_from("secret", "no app nobody").await;
}

#[tokio::test]
async fn a_secret_that_is_wrong() {
    let patient = Patient::healthy()
        .await
        .with("LOGTO_APP_SECRET", "local-wrong");
    patient
        .suffers_from("secret", "not a secret of the app")
        .await;
}

#[tokio::test]
async fn an_app_of_the_wrong_type() {
    let patient = Patient::healthy().await;
    let machine = patient.tenant.machine_app().clone();
    let place = Place::find().await;
    let patient = patient
        .with("LOGTO_APP_ID", machine.app_id)
        .with("LOGTO_APP_SECRET", machine.app_secret)
        .with("BASE_URL", &place.base_url);
    let found = patient.findings(&[]).await;
    assert!(
        found[0].1["what"]
            .as_str()
            .unwrap()
            .contains("may not sign people in"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered() {
    let patient = Patient::healthy().await;
    let told = "/auth/callback is not registered as redirect URI";
    patient
        .suffers_with(&["--route-prefix", "/auth"], "redirect URI", told)
        .await;
}

#[tokio::test]
async fn a_sign_out_uri_that_is_not_registered() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().redirect_uri(format!("{}/callback", place.base_url));
    let patient = Patient::at(&place, tenant).await;
    let told = format!("{}/ is not registered as post sign-out", place.base_url);
    patient.suffers_from("sign-out URI", &told).await;
}

#[tokio::test]
async fn a_resource_that_does_not_exist() {
    let resources = "https://api.example.test https://unknown.example.test";
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url);
    let patient = Patient::at(&place, tenant)
        .await
        .with("LOGTO_RESOURCES", resources);
    patient
        .suffers_from("resources", "https://unknown.example.test")
        .await;
}

#[tokio::test]
async fn a_scope_that_does_not_exist() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url);
    let patient = Patient::at(&place, tenant).await;
    let patient = patient.with("LOGTO_SCOPES", "emial profile");
    patient.suffers_from("scopes", "emial").await;
}

/// The address that an app sends browsers to, with these changes.
fn sign_in_of(tenant: &LocalTenant, base_url: &str, prompt: &str, app_id: &str) -> String {
    format!(
        "{}/oidc/auth?client_id={app_id}&redirect_uri={base_url}/callback&response_type=code\
         &scope=openid+offline_access+profile&state=s&prompt={prompt}",
        tenant.endpoint()
    )
}

#[tokio::test]
async fn a_refresh_token_that_never_comes() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url);
    let patient = Patient::at(&place, tenant).await;
    let (tenant, base_url) = (&patient.tenant, place.base_url.clone());
    place.run_other_app(sign_in_of(tenant, &base_url, "login", tenant.app_id()));
    patient
        .suffers_from("refresh token", "without prompt=consent")
        .await;
}

#[tokio::test]
async fn an_app_that_runs_with_another_configuration() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url);
    let patient = Patient::at(&place, tenant).await;
    let other = patient.tenant.add_app(&place.base_url).unwrap();
    let base_url = place.base_url.clone();
    place.run_other_app(sign_in_of(
        &patient.tenant,
        &base_url,
        "consent",
        &other.app_id,
    ));
    patient.suffers_from("running app", &other.app_id).await;
}
