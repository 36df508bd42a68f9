//! Every recorded call of the Management API, sent again in the same order to a tenant that starts
//! empty.
//!
//! Ids differ: an answer that has an `id` where the recording has one gives the recorded id its
//! meaning, in later paths and bodies too.

use std::collections::HashMap;

use logto_local::LocalTenant;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::recorded::{assert_same_shape, entries, str_of};
use crate::support::{client, form};

/// What differs from run to run, and what is made up here.
const DIFFERENT: [&str; 11] = [
    "token",
    "signingKey",
    "createdAt",
    "updatedAt",
    "lastSignInAt",
    "expiresAt",
    "value",
    "subjectToken",
    "avatar",
    "picture",
    "applicationsCount",
];

pub(crate) async fn machine_token(tenant: &LocalTenant, resource: &str) -> String {
    let machine = tenant.machine_app();
    let request = client().post(format!("{}/oidc/token", tenant.endpoint()));
    let fields = [
        ("grant_type", "client_credentials"),
        ("resource", resource),
        ("scope", "all read:things"),
    ];
    let response = request
        .basic_auth(&machine.app_id, Some(&machine.app_secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&fields))
        .send()
        .await
        .unwrap();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

pub(crate) const MANAGEMENT: &str = "https://default.logto.app/api";

async fn send(tenant: &LocalTenant, authorization: Option<&str>, call: &Value) -> Response {
    let method: Method = str_of(call, "method").parse().unwrap();
    let url = format!("{}{}", tenant.endpoint(), str_of(call, "path"));
    let mut request = client().request(method, url);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    if let Some(body) = call.get("body") {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn every_recorded_call_is_answered_as_recorded() {
    for file in ["management.json", "hooks.json", "invitations.json", "one_time_tokens.json"] {
        is_answered_as_recorded(file).await;
    }
}

async fn is_answered_as_recorded(file: &str) {
    let tenant = LocalTenant::builder().empty().start().await.unwrap();
    let mut known: HashMap<String, String> = HashMap::new();
    for recorded in entries(file) {
        let at = format!("{} {} ({})", recorded["method"], recorded["path"], recorded["note"]);
        if recorded["note"] == "find social user" {
            sign_alice_in(&tenant, &known).await;
        }
        // Rotating keys away ends tokens, so each call has a fresh one.
        let bearer = format!("Bearer {}", machine_token(&tenant, MANAGEMENT).await);
        let authorization = match recorded["note"].as_str() {
            Some("no Authorization header") => None,
            Some("garbage token") => Some("Bearer garbage"),
            _ => Some(bearer.as_str()),
        };
        let translated = translate(&recorded, &known);
        let response = send(&tenant, authorization, &translated).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        assert_eq!(recorded["status"], status.as_u16(), "{at}: {text}");
        let mut ours = serde_json::from_str(&text).unwrap_or(Value::String(text));
        without_bootstrap(&mut ours, &tenant.machine_app().app_id);
        learn(&recorded["response"], &ours, &mut known);
        assert_same(&translate(&recorded["response"], &known), &ours, &at);
        if let Some(link) = recorded.get("link") {
            let endpoint = "http://localhost:3001";
            let link = link.as_str().unwrap().replace(endpoint, tenant.endpoint());
            assert_eq!(headers["link"], link, "{at}");
            assert!(headers.contains_key("total-number"), "{at}");
        }
    }
}

/// The recorded server had its bootstrap app in another tenant.
fn without_bootstrap(answer: &mut Value, machine: &str) {
    if let Some(list) = answer.as_array_mut() {
        list.retain(|entry| entry["id"] != machine);
    }
}

fn translate(value: &Value, known: &HashMap<String, String>) -> Value {
    let text = known.iter().fold(value.to_string(), |text, (old, new)| text.replace(old, new));
    serde_json::from_str(&text).unwrap()
}

fn learn(recorded: &Value, ours: &Value, known: &mut HashMap<String, String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for name in ["id", "token"] {
                if let (Some(Value::String(old)), Some(Value::String(new))) =
                    (recorded.get(name), ours.get(name))
                    && old.len() >= 12
                {
                    known.entry(old.clone()).or_insert_with(|| new.clone());
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            for (recorded, ours) in recorded.iter().zip(ours) {
                learn(recorded, ours, known);
            }
        }
        _ => {}
    }
}

/// Equal, but for what differs from run to run: that has the same type.
fn assert_same(recorded: &Value, ours: &Value, at: &str) {
    match (recorded, ours) {
        (Value::Object(members), Value::Object(others)) => {
            let keys =
                |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(members), keys(others), "members of {at}");
            for (key, value) in members {
                let at = format!("{at}.{key}");
                match key.as_str() {
                    "logo" | "readme" => assert!(others[key].is_string(), "{at}"),
                    key if DIFFERENT.contains(&key) => assert_same_shape(value, &others[key], &at),
                    _ => assert_same(value, &others[key], &at),
                }
            }
        }
        (Value::Array(members), Value::Array(others)) if at.contains("connector-factories") => {
            assert_same(&members[0], &others[0], at);
        }
        (Value::Array(members), Value::Array(others)) => {
            assert_eq!(members.len(), others.len(), "{at}: {ours}");
            for (index, value) in members.iter().enumerate() {
                assert_same(value, &others[index], &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(recorded, ours, "{at}"),
    }
}

async fn sign_alice_in(tenant: &LocalTenant, known: &HashMap<String, String>) {
    let query = form(&[
        ("client_id", known["8s6wye3gb7dq9a4n54lsn"].as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", "http://localhost:3000/callback"),
    ]);
    let url = format!("{}/oidc/auth?{query}", tenant.endpoint());
    tenant.sign_in(&url, "alice").await.unwrap();
}

#[tokio::test]
async fn a_token_for_something_else_opens_nothing() {
    let tenant = LocalTenant::start().await.unwrap();
    let token = machine_token(&tenant, "https://api.example.test").await;
    let call = json!({ "method": "GET", "path": "/api/users" });
    let response = send(&tenant, Some(&format!("Bearer {token}")), &call).await;
    assert_eq!(response.status(), 401);
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["code"], "auth.unauthorized");
    assert_eq!(body["data"]["code"], "ERR_JWT_CLAIM_VALIDATION_FAILED");
    assert_eq!(body["data"]["payload"]["aud"], "https://api.example.test");
}
