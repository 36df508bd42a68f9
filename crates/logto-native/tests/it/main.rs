//! Programs without a web page against the local tenant.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test itself"
)]

mod browser;
mod stored;

use std::path::PathBuf;
use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant};
use logto_management::Management;
use logto_native::{CredentialStore, ErrorKind, FileStore, NativeApp, NativeConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

const THINGS: &str = "https://api.example.test";

/// A tenant with an application of each kind, and a folder for credentials.
struct Fixture {
    tenant: LocalTenant,
    device_app: String,
    browser_app: String,
    folder: TempDir,
}

impl Fixture {
    async fn start() -> Self {
        let tenant = LocalTenant::start().await.unwrap();
        let machine = tenant.machine_app();
        let management =
            Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap();
        let create = async |uris: &[&str], metadata: Value| {
            let body = json!({
                "name": "cli", "type": "Native", "customClientMetadata": metadata,
                "oidcClientMetadata": { "redirectUris": uris, "postLogoutRedirectUris": [] },
            });
            let app: Value = management.post(&["applications"]).json(&body).send().await.unwrap();
            app["id"].as_str().unwrap().to_owned()
        };
        let device_app = create(&[], json!({ "isDeviceFlow": true })).await;
        let browser_app = create(&["http://127.0.0.1/callback"], json!({})).await;
        tenant.clear_requests();
        Self { tenant, device_app, browser_app, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("cli/credentials.json")
    }

    /// As each process of the program makes it.
    fn app(&self, id: &str) -> NativeApp {
        let config = NativeConfig::new(self.tenant.endpoint(), id)
            .with_resources([THINGS])
            .with_scopes(["read:things"]);
        NativeApp::new(config, FileStore::new(self.file())).unwrap()
    }

    async fn signed_in(&self) -> NativeApp {
        let app = self.app(&self.device_app);
        let sign_in = app.begin_device_sign_in().await.unwrap();
        let page = sign_in.verification_uri_complete().unwrap().to_owned();
        self.tenant.browser().approve_device(&page, "alice").await.unwrap();
        sign_in.finish().await.unwrap();
        app
    }

    fn refreshes(&self) -> usize {
        self.grants("refresh_token")
    }

    fn grants(&self, kind: &str) -> usize {
        let seen = self.tenant.requests();
        seen.iter().filter(|one| one.param("grant_type") == Some(kind)).count()
    }

    /// Waits until a device has asked as many times.
    async fn polled(&self, times: usize) {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while self.grants("urn:ietf:params:oauth:grant-type:device_code") < times {
            tick.tick().await;
        }
    }
}

#[tokio::test]
async fn the_device_flow_signs_in_once_for_all_runs() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.app(&fixture.device_app).user().await.unwrap(), None);
    let app = fixture.signed_in().await;
    let user = fixture.app(&fixture.device_app).user().await.unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some("Alice Example"));

    let token = app.access_token(THINGS).await.unwrap();
    assert!(token.scopes().any(|scope| scope == "read:things"), "{token:?}");
    let again = fixture.app(&fixture.device_app).access_token(THINGS).await.unwrap();
    assert_eq!((again, fixture.refreshes()), (token, 1));
}

#[tokio::test]
async fn a_device_that_is_refused_or_of_another_kind_is_told() {
    let fixture = Fixture::start().await;
    let error = fixture.app(&fixture.browser_app).begin_device_sign_in().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("invalid_request")));

    let app = fixture.app(&fixture.device_app);
    let sign_in = app.begin_device_sign_in().await.unwrap();
    let code = sign_in.user_code().to_owned();
    assert!(sign_in.verification_uri_complete().unwrap().ends_with(&code));
    refuse(&fixture.tenant, &code).await;
    assert_eq!(sign_in.finish().await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(app.user().await.unwrap(), None);
}

#[tokio::test]
async fn a_poll_that_comes_too_early_or_is_lost_is_repeated() {
    let fixture = Fixture::start().await;
    let app = fixture.app(&fixture.device_app);
    let sign_in = app.begin_device_sign_in().await.unwrap();
    let page = sign_in.verification_uri_complete().unwrap().to_owned();
    fixture.tenant.faults().set_times(Endpoint::Token, Fault::CutConnection, 1);
    let finishing = tokio::spawn(sign_in.finish());
    fixture.polled(2).await;
    fixture.tenant.browser().approve_device(&page, "alice").await.unwrap();
    let user = finishing.await.unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some("Alice Example"));
}

#[tokio::test]
async fn a_code_that_expires_and_an_answer_that_is_lost_end_the_flow() {
    let fixture = Fixture::start().await;
    let app = fixture.app(&fixture.device_app);
    let begin = async || {
        let sign_in = app.begin_device_sign_in().await.unwrap();
        let page = sign_in.verification_uri_complete().unwrap().to_owned();
        (sign_in, page)
    };
    // Logto takes the code once. Who asks again loses what the first answer gave.
    let (lost, page) = begin().await;
    fixture.tenant.browser().approve_device(&page, "alice").await.unwrap();
    fixture.tenant.faults().set_times(Endpoint::Token, Fault::LoseAnswer, 1);
    let error = lost.finish().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("invalid_grant")));
    assert_eq!(app.user().await.unwrap(), None);

    let (late, _) = begin().await;
    fixture.tenant.clock().advance(late.expires_in());
    assert_eq!(late.finish().await.unwrap_err().kind(), ErrorKind::Expired);
}

/// The user looks at the code, and it is not theirs.
async fn refuse(tenant: &LocalTenant, code: &str) {
    let mut browser = tenant.browser();
    let page = format!("{}/oidc/device?user_code={code}", tenant.endpoint());
    let logto_local::Stop::Page { body, .. } = browser.open(&page).await.unwrap() else {
        panic!("there is no page");
    };
    let xsrf = body.split("name=\"xsrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let fields = [("xsrf", xsrf.unwrap_or_default()), ("user_code", code), ("abort", "yes")];
    browser.submit(&format!("{}/oidc/device", tenant.endpoint()), &fields).await.unwrap();
}

#[tokio::test]
async fn many_processes_redeem_a_refresh_token_once() {
    let fixture = Fixture::start().await;
    fixture.signed_in().await;
    let asking = (0..20).map(|_| {
        let app = fixture.app(&fixture.device_app);
        tokio::spawn(async move { app.access_token(THINGS).await.unwrap() })
    });
    let mut tokens = Vec::new();
    for one in asking.collect::<Vec<_>>() {
        tokens.push(one.await.unwrap());
    }
    assert_eq!(fixture.refreshes(), 1);
    assert!(tokens.iter().all(|token| token == &tokens[0]));
}

#[tokio::test]
async fn an_outage_is_no_sign_out() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    for fault in [Fault::Status(503), Fault::CutConnection] {
        fixture.tenant.faults().set(Endpoint::Token, fault);
        let error = app.access_token(THINGS).await.unwrap_err();
        assert!(error.is_retryable() && !error.needs_sign_in(), "{error}");
    }
    fixture.tenant.faults().clear();
    assert!(app.access_token(THINGS).await.is_ok());
}

/// Logto has replaced the refresh token, and takes the old one for three seconds more.
#[tokio::test]
async fn a_refresh_whose_answer_is_lost_is_repeated_at_once() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    fixture.tenant.faults().set_times(Endpoint::Token, Fault::LoseAnswer, 1);
    app.access_token(THINGS).await.unwrap();
    assert_eq!(fixture.refreshes(), 2);
}

#[tokio::test]
async fn what_logto_ended_is_forgotten() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    fixture.tenant.revoke_grants("alice").unwrap();
    assert!(app.access_token(THINGS).await.unwrap_err().needs_sign_in());
    assert!(!fixture.file().exists());
    assert!(app.access_token(THINGS).await.unwrap_err().needs_sign_in());
    assert_eq!(app.user().await.unwrap(), None);
}

#[tokio::test]
async fn signing_out_holds_whatever_is_down() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    app.sign_out().await.unwrap();
    let seen = fixture.tenant.requests();
    assert_eq!(seen.iter().filter(|one| one.path == "/oidc/token/revocation").count(), 1);
    assert_eq!(app.user().await.unwrap(), None);
    app.sign_out().await.unwrap();

    let app = fixture.signed_in().await;
    fixture.tenant.faults().set(Endpoint::Revocation, Fault::Status(503));
    assert_eq!(app.sign_out().await.unwrap_err().kind(), ErrorKind::Unreachable);
    assert!(!fixture.file().exists());
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    fixture.tenant.clear_requests();
    let error = app.access_token("https://another.example.test").await.unwrap_err();
    assert_eq!((error.kind(), fixture.tenant.requests().len()), (ErrorKind::InvalidRequest, 0));
    for (endpoint, id) in [("http://example.com", "a"), ("x", "a"), ("https://example.com", "")] {
        let config = NativeConfig::new(endpoint, id);
        let error = NativeApp::new(config, FileStore::new(fixture.file())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{endpoint}");
    }
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let fixture = Fixture::start().await;
    let app = fixture.signed_in().await;
    let token = app.access_token(THINGS).await.unwrap();
    let stored = FileStore::new(fixture.file()).load().unwrap().unwrap();
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let refresh = stored[0]["refresh_token"].as_str().unwrap();
    let sign_in = app.begin_device_sign_in().await.unwrap();
    let printed = format!("{app:?} {token:?} {sign_in:?}");
    for secret in [token.as_str(), refresh, sign_in.user_code()] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
