//! Native applications: public, with PKCE, and on any port of this machine, as recorded.

use std::time::Duration;

use logto_local::LocalTenant;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::administrator::Administrator;
use crate::recorded::{entries, str_of};
use crate::support::{VERIFIER, challenge, client, form, param, text};

const REDIRECT: &str = "http://127.0.0.1:54321/cb";
const SCOPE: &str = "openid offline_access profile email";

/// A tenant with a native application, and its id.
async fn tenant() -> (Administrator, String) {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let uris = ["http://127.0.0.1/cb", "io.logto.r://callback"];
    let body = json!({
        "name": "r-native", "type": "Native",
        "oidcClientMetadata": { "redirectUris": uris, "postLogoutRedirectUris": [] },
    });
    let app = admin.post("/api/applications", body).await;
    let id = text(&app, "id").to_owned();
    (admin, id)
}

fn authorize(tenant: &LocalTenant, app: &str, redirect_uri: &str, pkce: bool) -> String {
    let challenge = challenge();
    let mut query = vec![
        ("client_id", app),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("prompt", "consent"),
        ("state", "the-state"),
    ];
    if pkce {
        query.extend([("code_challenge", &*challenge), ("code_challenge_method", "S256")]);
    }
    format!("{}/oidc/auth?{}", tenant.endpoint(), form(&query))
}

async fn ask(tenant: &LocalTenant, fields: &[(&str, &str)], basic: Option<&str>) -> Response {
    let request = client().post(format!("{}/oidc/token", tenant.endpoint()));
    let request = match basic {
        Some(id) => request.basic_auth(id, Some("")),
        None => request,
    };
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form(fields)).send().await.unwrap()
}

#[tokio::test]
async fn every_recorded_address_is_allowed_or_not() {
    let (admin, app) = tenant().await;
    for recorded in entries("native_app.json").iter().filter(|one| one["pkce"].is_boolean()) {
        let note = str_of(recorded, "note");
        let (uri, pkce) = (str_of(recorded, "redirect_uri"), recorded["pkce"] == true);
        let url = authorize(&admin.tenant, &app, uri, pkce);
        let response = client().get(url).send().await.unwrap();
        assert_eq!(recorded["status"], response.status().as_u16(), "{note}");
        if let Some(location) = recorded["location"].as_str() {
            let found = response.headers()["location"].to_str().unwrap();
            assert!(found.starts_with(location), "{note}: {found}");
        } else {
            let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            assert_eq!(body["error"], recorded["error"], "{note}");
        }
    }
}

#[tokio::test]
async fn every_recorded_token_request_is_answered_as_recorded() {
    let (admin, app) = tenant().await;
    let tenant = &admin.tenant;
    let (mut first, mut rotated) = (String::new(), String::new());
    for recorded in entries("native_app.json").iter().filter(|one| one["grant_type"].is_string()) {
        let note = str_of(recorded, "note");
        let url = authorize(tenant, &app, REDIRECT, true);
        let callback = tenant.sign_in(&url, "alice").await.unwrap();
        let code = param(&callback, "code").unwrap();
        let by_code = |redirect_uri, verifier| {
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", redirect_uri),
            ];
            fields.extend(Some(("code_verifier", VERIFIER)).filter(|_| verifier));
            fields
        };
        let refresh = |token| vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        let (fields, is_basic) = match note {
            "token with another port in redirect_uri" => {
                (by_code("http://127.0.0.1:1/cb", true), false)
            }
            "token (client_id in the body, no secret)" => (by_code(REDIRECT, true), false),
            "refresh without a secret" | "refresh with the old token at once (3 s grace)" => {
                (refresh(first.as_str()), false)
            }
            "refresh with the old token after 4.5 s" => {
                tenant.clock().advance(Duration::from_millis(4500));
                (refresh(first.as_str()), false)
            }
            "the rotated token after that reuse" => (refresh(rotated.as_str()), false),
            "token without code_verifier" => (by_code(REDIRECT, false), false),
            "token with HTTP Basic and an empty password" => (by_code(REDIRECT, true), true),
            "client_credentials with a native application" => {
                (vec![("grant_type", "client_credentials")], false)
            }
            other => panic!("{other}"),
        };
        let named = [fields, vec![("client_id", app.as_str())]].concat();
        let fields = if is_basic { &named[..named.len() - 1] } else { &named[..] };
        let response = ask(tenant, fields, is_basic.then_some(app.as_str())).await;
        assert_eq!(recorded["status"], response.status().as_u16(), "{note}");
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        match recorded.get("response") {
            Some(expected) => assert_eq!(*expected, answer, "{note}"),
            None => {
                let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
                assert_eq!(recorded["members"], json!(members), "{note}");
                let new = text(&answer, "refresh_token").to_owned();
                match first.is_empty() {
                    true => first = new,
                    false => {
                        assert_ne!(new, first, "refresh tokens of public clients rotate");
                        rotated = new;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_native_app_has_no_secret() {
    let (admin, app) = tenant().await;
    let path = format!("/api/applications/{app}/secrets");
    assert_eq!(admin.call(Method::GET, &path, Value::Null).await, (200, json!([])));
}
