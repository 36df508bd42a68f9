//! Clients that introduce themselves by a document, against what was recorded.

use logto_local::{Browser, LocalTenant, Stop};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

use crate::administrator::Administrator;
use crate::recorded::{assert_same_shape, load, str_of};
use crate::support::{THINGS, VERIFIER, challenge, client, decode, form, param, text};

const REDIRECT: &str = "http://127.0.0.1:9999/cb";
const CEILING: &str = "/api/cimd/user-consent-scopes";
const SCOPE: &str = "openid offline_access profile email read:things";

/// A tenant that knows the recorded client and a faulty one for each refusal.
async fn tenant(recorded: &Value) -> Administrator {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let good = &recorded["document"];
    let publish = |name: &str, change: Value| {
        let address = format!("https://mcp-client.example.test/{name}.json");
        let mut document = good.clone();
        document["client_id"] = address.as_str().into();
        for (member, value) in change.as_object().unwrap() {
            document[member] = value.clone();
        }
        admin.tenant.publish_client_metadata(address, document);
    };
    publish("client", json!({}));
    publish("client2", json!({}));
    publish("mismatch", json!({ "client_id": "https://mcp-client.example.test/client.json" }));
    publish("secret", json!({ "client_secret": "a secret" }));
    publish("basic", json!({ "token_endpoint_auth_method": "client_secret_basic" }));
    publish("noredirect", json!({ "redirect_uris": null }));
    publish("httpuri", json!({ "client_uri": "http://mcp-client.example.test/" }));
    publish("badalg", json!({ "id_token_signed_response_alg": "RS256" }));
    admin.tenant.publish_client_metadata("https://localhost/c.json", good.clone());
    admin.tenant.publish_client_metadata(
        "https://mcp-client.example.test/notjson.json",
        Value::String("not JSON".to_owned()),
    );
    admin
}

async fn enable(admin: &Administrator, enabled: bool) {
    let switch = json!({ "enabled": enabled });
    let answer = admin.call(Method::PATCH, "/api/configs/cimd", switch.clone()).await;
    assert_eq!(answer, (200, switch));
}

async fn raise_ceiling(admin: &Administrator) {
    let body = json!({ "userScopes": ["profile", "email"], "resourceScopes": ["read:things"] });
    assert_eq!(admin.call(Method::POST, CEILING, body).await.0, 201);
}

fn url(tenant: &LocalTenant, changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("client_id", "https://mcp-client.example.test/client2.json"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("prompt", "consent"),
        ("state", "the-state"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("resource", THINGS),
    ];
    let kept = usual.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let pairs: Vec<_> =
        kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied().collect();
    format!("{}/oidc/auth?{}", tenant.endpoint(), form(&pairs))
}

async fn open(url: &str) -> Response {
    client().get(url).send().await.unwrap()
}

async fn body(answer: Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

async fn token(tenant: &LocalTenant, fields: &[(&str, &str)]) -> (u16, Value) {
    let mut fields = fields.to_vec();
    fields.push(("client_id", "https://mcp-client.example.test/client2.json"));
    let request = client().post(format!("{}/oidc/token", tenant.endpoint()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form(&fields)).send().await.unwrap();
    (answer.status().as_u16(), body(answer).await)
}

/// As recorded, but for what tells this request from another one.
fn assert_refused(recorded: &Value, status: u16, ours: &Value, at: &str) {
    let mut ours = ours.clone();
    for member in ["state", "iss"] {
        ours.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(
        (u64::from(status), &ours),
        (recorded["status"].as_u64().unwrap(), &recorded["body"]),
        "{at}"
    );
}

#[tokio::test]
async fn faulty_addresses_and_documents_are_refused_as_recorded() {
    let recorded = load("client_documents.json");
    let admin = tenant(&recorded).await;
    let discovery = format!("{}/oidc/.well-known/openid-configuration", admin.tenant.endpoint());
    let supported = "client_id_metadata_document_supported";
    let switch = admin.call(Method::GET, "/api/configs/cimd", Value::Null).await;
    assert_eq!(switch, (200, json!({ "enabled": false })));
    assert_eq!(body(open(&discovery).await).await.get(supported), None);
    let client_id = "https://mcp-client.example.test/client.json";
    let answer = open(&url(&admin.tenant, &[("client_id", client_id)])).await;
    let status = answer.status().as_u16();
    assert_refused(&recorded["off"], status, &body(answer).await, "off");

    enable(&admin, true).await;
    assert_eq!(body(open(&discovery).await).await[supported], true);
    for refused in recorded["refused"].as_array().unwrap() {
        let (client_id, redirect_uri) =
            (str_of(refused, "client_id"), str_of(refused, "redirect_uri"));
        let changes = [("client_id", client_id), ("redirect_uri", redirect_uri)];
        let answer = open(&url(&admin.tenant, &changes)).await;
        let status = answer.status().as_u16();
        assert_refused(refused, status, &body(answer).await, str_of(refused, "note"));
    }
}

#[tokio::test]
async fn the_ceiling_is_shown_as_recorded_and_holds() {
    let recorded = load("client_documents.json");
    let admin = tenant(&recorded).await;
    enable(&admin, true).await;
    let ceiling = async || admin.call(Method::GET, CEILING, Value::Null).await.1;
    assert_eq!(ceiling().await, recorded["empty_ceiling"]);
    let denied = |location: &str| {
        assert!(location.starts_with(REDIRECT), "{location}");
        (param(location, "error").unwrap(), param(location, "scope").unwrap())
    };
    let location = |answer: Response| answer.headers()["location"].to_str().unwrap().to_owned();
    let answer = location(open(&url(&admin.tenant, &[])).await);
    assert_eq!(denied(&answer), ("invalid_scope".to_owned(), "profile".to_owned()));

    let unknown = json!({ "resourceScopes": ["nope"] });
    let (status, answer) = admin.call(Method::POST, CEILING, unknown).await;
    assert_refused(&recorded["unknown_scope"], status, &answer, "an unknown scope");
    raise_ceiling(&admin).await;
    assert_same_shape(&recorded["ceiling"], &ceiling().await, "the ceiling");
    let answer = location(open(&url(&admin.tenant, &[])).await);
    assert!(
        answer.starts_with("/sign-in?app_id=https%3A%2F%2Fmcp-client.example.test"),
        "{answer}"
    );

    let lower = format!("{CEILING}/user-scopes/email");
    assert_eq!(admin.call(Method::DELETE, &lower, Value::Null).await.0, 204);
    let answer = location(open(&url(&admin.tenant, &[])).await);
    assert_eq!(denied(&answer).1, "email");
}

/// Walks to the consent page, which the browser comes to every time, and gives consent.
async fn consent(browser: &mut Browser, url: &str) -> String {
    // The first time in this browser, the sign-in page comes before.
    let stop = browser.open(url).await.unwrap();
    let shows_consent =
        matches!(&stop, Stop::Page { at, .. } if at.starts_with("/consent?app_id=https%3A"));
    assert!(shows_consent, "{stop:?}");
    browser.sign_in(url, "alice").await.unwrap()
}

#[tokio::test]
async fn a_client_gets_tokens_within_the_ceiling_until_documents_are_off() {
    let recorded = load("client_documents.json");
    let admin = tenant(&recorded).await;
    enable(&admin, true).await;
    raise_ceiling(&admin).await;
    let tenant = &admin.tenant;
    let mut browser = tenant.browser();
    // `write:things` is alice's, and beyond the ceiling: it is dropped without a word.
    let scope = format!("{SCOPE} write:things");
    // Any port of the address is fine.
    let port = "http://127.0.0.1:4321/cb";
    let first = url(tenant, &[("scope", &scope), ("redirect_uri", port)]);
    browser.sign_in(&first, "alice").await.unwrap();
    let callback = consent(&mut browser, &first).await;
    let code = param(&callback, "code").unwrap();
    assert_eq!(Url::parse(&callback).unwrap().port(), Some(4321));

    let none = url(tenant, &[("prompt", "none"), ("scope", "openid")]);
    let Stop::App(refused) = browser.open(&none).await.unwrap() else { panic!("a page") };
    assert!(refused.contains(str_of(&recorded, "prompt_none")), "{refused}");

    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", port),
        ("code_verifier", VERIFIER),
        ("resource", THINGS),
    ];
    let (status, tokens) = token(tenant, &redeem).await;
    assert_eq!(status, 200, "{tokens}");
    let (header, claims) = decode(&tokens["access_token"]);
    assert_eq!(header["typ"], "at+jwt");
    let recorded_token = &recorded["token"]["claims"];
    let members = |claims: &Value| {
        let mut members: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        members.sort();
        members
    };
    assert_eq!(members(&claims), members(recorded_token));
    assert_eq!(claims["scope"], recorded_token["scope"]);
    assert_eq!(claims["client_id"], recorded_token["client_id"]);

    let refresh_token = text(&tokens, "refresh_token").to_owned();
    let refresh = |more: [(&'static str, &'static str); 1]| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        [&fields[..], &more].concat()
    };
    let (status, answer) = token(tenant, &refresh([("resource", THINGS)])).await;
    assert_eq!(
        (status, decode(&answer["access_token"]).1["scope"].clone()),
        (200, "read:things".into())
    );
    assert_ne!(answer["refresh_token"], tokens["refresh_token"], "it rotates");
    let refused = [
        ("organization", refresh([("organization_id", "wpmklpcc20gc")])),
        ("management_api", refresh([("resource", "https://default.logto.app/api")])),
        ("client_credentials", vec![("grant_type", "client_credentials")]),
    ];
    for (note, fields) in refused {
        let (status, answer) = token(tenant, &fields).await;
        assert_refused(&recorded[note], status, &answer, note);
    }
    enable(&admin, false).await;
    let (status, answer) = token(tenant, &refresh([("resource", THINGS)])).await;
    assert_refused(&recorded["refresh_when_off"], status, &answer, "off again");
}
