//! Everything that a set-up writes, compared with what was recorded.

use logto_local::{LocalTenant, SeenRequest};
use logto_management::provision::HuggingFaceSetup;
use serde_json::{Map, Value, json};

use crate::recorded_server::call;
use crate::support::{empty, setup, start};

/// The JSON body of a request: members that are not texts were kept as JSON.
fn body(request: &SeenRequest) -> Value {
    let member = |(name, text): &(String, String)| {
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        (name.clone(), value)
    };
    Value::Object(request.form.iter().map(member).collect::<Map<_, _>>())
}

fn writes(tenant: &LocalTenant) -> Vec<(String, String, Value)> {
    let sent = tenant.requests().into_iter();
    let writes = sent.filter(|one| one.path.starts_with("/api/") && one.method != "GET");
    writes.map(|one| (one.method.clone(), one.path.clone(), body(&one))).collect()
}

/// A recorded call, with what differs here.
fn recorded(
    method: &str,
    path: &str,
    note: &str,
    differences: &[(&str, Value)],
) -> (String, String, Value) {
    let mut body = call(method, path, note)["body"].clone();
    for (member, value) in differences {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(*member)),
            value => body[*member] = value.clone(),
        }
    }
    (method.to_owned(), path.to_owned(), body)
}

#[tokio::test]
async fn a_set_up_from_nothing_writes_what_was_recorded() {
    let (tenant, management) = empty().await;
    let plan = setup().plan(&management).await.unwrap();
    let id = plan.connector_id().to_owned();
    plan.apply(&management, |_| {}).await.unwrap();
    // The recorded application got its back-channel address in a second call.
    let app = "/api/applications/8s6wye3gb7dq9a4n54lsn";
    let full = call("PATCH", app, "PATCH backchannelLogoutUri (full oidcClientMetadata)");
    let expected = [
        recorded(
            "POST",
            "/api/applications",
            "create Traditional web app",
            &[
                ("name", json!("demo")),
                ("description", Value::Null),
                ("customClientMetadata", Value::Null),
                ("oidcClientMetadata", full["body"]["oidcClientMetadata"].clone()),
            ],
        ),
        recorded("POST", "/api/connectors", "create Hugging Face connector", &[("id", json!(id))]),
        recorded("PATCH", "/api/sign-in-exp", "enable the Hugging Face button", &[]),
        recorded(
            "PATCH",
            "/api/sign-in-exp",
            "let social sign-ups skip the required username",
            &[],
        ),
    ];
    assert_eq!(writes(&tenant), expected);
}

/// A connector that keeps tokens, as it was seen to work.
pub(crate) fn storing_connector(id: &str, scope: &str) -> Value {
    json!({
        "id": id, "connectorId": "oauth2", "enableTokenStorage": true, "syncProfile": false,
        "metadata": {
            "target": "huggingface", "name": { "en": "Hugging Face" },
            "logo": "https://huggingface.co/front/assets/huggingface_logo-noborder.svg", "logoDark": null,
        },
        "config": {
            "authorizationEndpoint": "https://huggingface.co/oauth/authorize",
            "tokenEndpoint": "https://huggingface.co/oauth/token",
            "userInfoEndpoint": "https://huggingface.co/oauth/userinfo",
            "clientId": "hf-client-id", "clientSecret": "hf-client-secret",
            "tokenEndpointAuthMethod": "client_secret_basic", "tokenEndpointResponseType": "json",
            "scope": scope,
            "profileMap": { "id": "sub", "email": "email", "name": "name", "avatar": "picture" },
        },
    })
}

/// As it was seen to work: delete, create with the old id, show the button again, open the Account
/// API.
#[tokio::test]
async fn keeping_tokens_follows_the_recipe() {
    let (tenant, management) = start(LocalTenant::builder().empty().secret_vault(true)).await;
    let plan = setup().plan(&management).await.unwrap();
    plan.apply(&management, |_| {}).await.unwrap();
    tenant.clear_requests();
    let storing = setup().with_token_storage(true).with_scope("openid profile email inference-api");
    let plan = storing.plan(&management).await.unwrap();
    let id = plan.connector_id().to_owned();
    plan.apply(&management, |_| {}).await.unwrap();
    let path = format!("/api/connectors/{id}");
    let expected = [
        ("PATCH", path.as_str(), json!({ "enableTokenStorage": true })),
        ("DELETE", path.as_str(), json!({})),
        ("POST", "/api/connectors", storing_connector(&id, "profile email openid inference-api")),
        ("PATCH", "/api/sign-in-exp", json!({ "socialSignInConnectorTargets": ["huggingface"] })),
        ("PATCH", "/api/account-center", json!({ "enabled": true })),
    ];
    let expected = expected.map(|(method, path, body)| (method.to_owned(), path.to_owned(), body));
    assert_eq!(writes(&tenant), expected);
}

/// Reads too: of a set-up from nothing, of one that changes nothing, and of one that adopts and
/// needs a secret.
#[tokio::test]
async fn no_call_is_sent_that_was_not_recorded() {
    let (tenant, management) = empty().await;
    let first = setup().plan(&management).await.unwrap();
    let connector = first.connector_id().to_owned();
    let ready = first.apply(&management, |_| {}).await.unwrap();
    let applications = management.applications();
    setup().plan(&management).await.unwrap();
    applications.delete_secret(&ready.app_id, "Default secret").await.unwrap();
    let sent_by_the_test = |one: &SeenRequest| one.method == "DELETE";
    let adopting = HuggingFaceSetup::new("http://localhost:8080").with_app_id(&ready.app_id);
    let plan = adopting.plan(&management).await.unwrap();
    plan.apply(&management, |_| {}).await.unwrap();

    let known = crate::recorded_server::recorded();
    let mut sent = tenant.requests();
    sent.retain(|one| one.path.starts_with("/api/") && !sent_by_the_test(one));
    assert!(sent.len() > 15, "{sent:?}");
    for request in sent {
        let path = request
            .path
            .replace(&ready.app_id, "8s6wye3gb7dq9a4n54lsn")
            .replace(&connector, "780v3kw7dsbh");
        let beside_page = |(name, _): &&(String, String)| name != "page_size";
        let query: Vec<_> = request.query.iter().filter(beside_page).collect();
        assert!(query.is_empty(), "{request:?}: {query:?}");
        let of_that_address = known.iter().filter(|call| {
            let recorded = call["path"].as_str().unwrap();
            let recorded = recorded.strip_suffix("?page_size=100").unwrap_or(recorded);
            call["method"] == request.method.as_str()
                && recorded == path
                && call["status"].as_u64() < Some(300)
        });
        // Whatever is in a body was in a body that Logto took.
        let members = |body: &Value| {
            body.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let taken: Vec<_> = of_that_address.map(|call| members(&call["body"])).collect();
        assert!(!taken.is_empty(), "never recorded: {} {path}", request.method);
        let ours = members(&body(&request));
        let was_taken =
            |name: &String| name == "id" || taken.iter().flatten().any(|one| one == name);
        assert!(
            ours.iter().all(was_taken),
            "{} {path}: {ours:?}, recorded were {taken:?}",
            request.method
        );
    }
}

/// With the form that was seen to work, and once for the whole set-up.
#[tokio::test]
async fn the_token_is_asked_for_as_was_recorded() {
    let (tenant, management) = empty().await;
    let plan = setup().plan(&management).await.unwrap();
    plan.apply(&management, |_| {}).await.unwrap();
    let mut sent = tenant.requests();
    sent.retain(|one| one.path == "/oidc/token");
    let [asked] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form = [
        pair("grant_type", "client_credentials"),
        pair("resource", "https://default.logto.app/api"),
        pair("scope", "all"),
    ];
    assert_eq!(asked.form, form);
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
}
