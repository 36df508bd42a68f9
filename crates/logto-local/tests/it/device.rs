//! The device flow (RFC 8628), as recorded.

use std::time::Duration;

use logto_local::{Browser, LocalTenant, Stop};
use reqwest::Method;
use serde_json::{Value, json};

use crate::administrator::Administrator;
use crate::recorded::{assert_same_shape, entries};
use crate::support::{THINGS, client, decode, form, text, userinfo};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPE: &str = "openid offline_access profile email read:things";

/// A tenant, an application of devices, and a native one that is none.
struct Devices {
    admin: Administrator,
    app: String,
    other: String,
}

impl Devices {
    async fn start() -> Self {
        let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
        let create = async |metadata: Value| {
            let body = json!({
                "name": "r-device", "type": "Native", "customClientMetadata": metadata,
                "oidcClientMetadata": { "redirectUris": [], "postLogoutRedirectUris": [] },
            });
            text(&admin.post("/api/applications", body).await, "id").to_owned()
        };
        let (app, other) = (create(json!({ "isDeviceFlow": true })).await, create(json!({})).await);
        Self { admin, app, other }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/oidc/{path}", self.admin.tenant.endpoint());
        let request = client().post(url).body(form(fields));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    /// What a device shows to its user.
    async fn begin(&self) -> Value {
        let fields = [("client_id", &*self.app), ("scope", SCOPE), ("resource", THINGS)];
        let (status, codes) = self.post("device/auth", &fields).await;
        assert_eq!(status, 200, "{codes}");
        codes
    }

    async fn poll(&self, codes: &Value) -> (u16, Value) {
        let code = text(codes, "device_code");
        let fields = [("grant_type", GRANT), ("device_code", code), ("client_id", &self.app)];
        self.post("token", &fields).await
    }

    async fn refresh(&self, token: &Value) -> (u16, Value) {
        let token = token.as_str().unwrap();
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("resource", THINGS),
            ("client_id", &self.app),
        ];
        self.post("token", &fields).await
    }
}

fn recorded(note: &str) -> Value {
    let all = entries("device_flow.json");
    all.into_iter().find(|one| one["note"] == note).unwrap_or_else(|| panic!("{note}"))
}

#[track_caller]
fn assert_recorded(note: &str, (status, answer): (u16, Value)) {
    let recorded = recorded(note);
    assert_eq!((&recorded["status"], &recorded["response"]), (&json!(status), &answer), "{note}");
}

/// Posts to the page of a code, and where that leads.
async fn submit(browser: &Browser, devices: &Devices, fields: &[(&str, &str)]) -> (u16, String) {
    let url = format!("{}/oidc/device", devices.admin.tenant.endpoint());
    let request = client().post(url).body(form(fields));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("cookie", browser.cookies_for_other_ports());
    let response = request.send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    (response.status().as_u16(), location)
}

#[tokio::test]
async fn only_an_application_of_devices_begins_it() {
    let devices = Devices::start().await;
    let (app, other) = (devices.app.as_str(), devices.other.as_str());
    let nowhere = "https://nope.test";
    for (note, fields) in [
        ("device/auth: application without isDeviceFlow", vec![("client_id", other)]),
        ("device/auth: no client_id", vec![("scope", "openid")]),
        ("device/auth: unknown client", vec![("client_id", "nope")]),
        ("device/auth: unknown resource", vec![("client_id", app), ("resource", nowhere)]),
    ] {
        assert_recorded(note, devices.post("device/auth", &fields).await);
    }
    let answer = devices.post("device/auth", &[("client_id", app)]).await.1;
    assert_same_shape(&recorded("device/auth: no scope")["response"], &answer, "codes");
    let code = text(&answer, "user_code");
    let complete = format!("{}/device?user_code={code}", devices.admin.tenant.endpoint());
    assert_eq!(answer["verification_uri_complete"], complete);

    let metadata = json!({ "isDeviceFlow": true });
    let body = json!({ "name": "x", "type": "Traditional", "customClientMetadata": metadata });
    let answer = devices.admin.call(Method::POST, "/api/applications", body).await;
    assert_recorded("isDeviceFlow on a Traditional application", answer);
    let path = format!("/api/applications/{other}");
    let body = json!({ "customClientMetadata": metadata });
    let answer = devices.admin.call(Method::PATCH, &path, body).await;
    assert_recorded("isDeviceFlow on an existing native application (PATCH)", answer);
}

#[tokio::test]
async fn a_device_waits_for_its_user_and_asks_once() {
    let devices = Devices::start().await;
    let tenant = &devices.admin.tenant;
    let codes = devices.begin().await;
    for _ in 0..5 {
        assert_recorded("poll: pending", devices.poll(&codes).await);
    }
    let code = text(&codes, "device_code");
    for (note, code, app) in [
        ("poll: unknown device_code", Some("nope"), &devices.app),
        ("poll: another client", Some(code), &devices.other),
        ("poll: missing device_code", None, &devices.app),
    ] {
        let mut fields = vec![("grant_type", GRANT), ("client_id", app.as_str())];
        fields.extend(code.map(|code| ("device_code", code)));
        assert_recorded(note, devices.post("token", &fields).await);
    }

    let uri = text(&codes, "verification_uri_complete");
    tenant.browser().approve_device(uri, "alice").await.unwrap();
    let (status, tokens) = devices.poll(&codes).await;
    assert_eq!(status, 200, "{tokens}");
    let members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    let expected =
        ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
    assert_eq!(members, expected);
    let (_, claims) = decode(&tokens["id_token"]);
    for missing in ["nonce", "auth_time", "sid"] {
        assert!(claims.get(missing).is_none(), "{claims}");
    }
    assert_eq!(claims["aud"], *devices.app);
    assert_eq!(userinfo(tenant, &tokens["access_token"]).await.status(), 200);
    let (status, renewed) = devices.refresh(&tokens["refresh_token"]).await;
    assert_eq!(status, 200, "{renewed}");
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    assert_eq!(decode(&renewed["access_token"]).1["aud"], THINGS);

    // A poll too many ends everything.
    assert_recorded("poll: again after the grant", devices.poll(&codes).await);
    assert_eq!(userinfo(tenant, &tokens["access_token"]).await.status(), 401);
    assert_eq!(devices.refresh(&renewed["refresh_token"]).await.0, 400);
}

#[tokio::test]
async fn a_code_is_confirmed_once_and_in_time() {
    let devices = Devices::start().await;
    let tenant = &devices.admin.tenant;
    let mut browser = tenant.browser();
    let denied = devices.begin().await;
    let code = text(&denied, "user_code");
    let stop = browser.open(text(&denied, "verification_uri_complete")).await.unwrap();
    let Stop::Page { body, .. } = stop else { panic!("{stop:?}") };
    let xsrf = body.split("name=\"xsrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let with = |fields: &[(&'static str, &str)]| {
        let all = [&[("xsrf", xsrf)], fields].concat();
        all.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>()
    };
    for (note, recorded_code, fields) in [
        ("POST /oidc/device wrong user code", "AAAA-BBBB", with(&[("user_code", "AAAA-BBBB")])),
        ("POST /oidc/device user_code only", "DZNH-CNHL", with(&[("user_code", code)])),
        ("denied: abort", "KXQT-BFXM", with(&[("user_code", code), ("abort", "yes")])),
        (
            "user code already used: the form posts itself",
            "ZGBV-DHJM",
            with(&[("user_code", code)]),
        ),
    ] {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, location) = submit(&browser, &devices, &fields).await;
        let recorded = recorded(note);
        let expected = recorded["location"].as_str().unwrap();
        let expected = match recorded_code {
            "AAAA-BBBB" => expected.to_owned(),
            other => expected.replace(other, code),
        };
        assert_eq!((&recorded["status"], expected), (&json!(status), location), "{note}");
    }
    let lost = submit(&browser, &devices, &[("user_code", code)]).await;
    assert_eq!(lost, (302, "/device?error=InvalidRequest".to_owned()));
    assert_recorded("poll: denied by the user", devices.poll(&denied).await);
    assert_recorded("poll: denied, second time", devices.poll(&denied).await);

    let late = devices.begin().await;
    tenant.clock().advance(Duration::from_secs(601));
    assert_recorded("poll: expired (forced in the database)", devices.poll(&late).await);
    let uri = text(&late, "verification_uri_complete");
    assert!(tenant.browser().approve_device(uri, "alice").await.is_err());
}

/// Who is signed in at the tenant confirms, and no more.
#[tokio::test]
async fn a_browser_with_a_session_goes_straight_through() {
    let devices = Devices::start().await;
    let mut browser = devices.admin.tenant.browser();
    for _ in 0..2 {
        let codes = devices.begin().await;
        let uri = text(&codes, "verification_uri_complete");
        browser.approve_device(uri, "alice").await.unwrap();
        assert_eq!(devices.poll(&codes).await.0, 200);
    }
}
