//! Everything that a set-up writes, compared with what was recorded.

use logto_local::{LocalTenant, SeenRequest};
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
    writes
        .map(|one| (one.method.clone(), one.path.clone(), body(&one)))
        .collect()
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
    let full = call(
        "PATCH",
        app,
        "PATCH backchannelLogoutUri (full oidcClientMetadata)",
    );
    let expected = [
        recorded(
            "POST",
            "/api/applications",
            "create Traditional web app",
            &[
                ("name", json!("demo")),
                ("description", Value::Null),
                ("customClientMetadata", Value::Null),
                (
                    "oidcClientMetadata",
                    full["body"]["oidcClientMetadata"].clone(),
                ),
            ],
        ),
        recorded(
            "POST",
            "/api/connectors",
            "create Hugging Face connector",
            &[("id", json!(id))],
        ),
        recorded(
            "PATCH",
            "/api/sign-in-exp",
            "enable the Hugging Face button",
            &[],
        ),
        recorded(
            "PATCH",
            "/api/sign-in-exp",
            "let social sign-ups skip the required username",
            &[],
        ),
    ];
    assert_eq!(writes(&tenant), expected);
}

/// As it was seen to work: delete, create with the old id, show the button again, open the Account API.
#[tokio::test]
async fn keeping_tokens_follows_the_recipe() {
    let (tenant, management) = start(LocalTenant::builder().empty().secret_vault(true)).await;
    let plan = setup().plan(&management).await.unwrap();
    plan.apply(&management, |_| {}).await.unwrap();
    tenant.clear_requests();
    let storing = setup()
        .token_storage(true)
        .scope("openid profile email inference-api");
    let plan = storing.plan(&management).await.unwrap();
    let id = plan.connector_id().to_owned();
    plan.apply(&management, |_| {}).await.unwrap();
    let path = format!("/api/connectors/{id}");
    let expected = [
        (
            "PATCH",
            path.as_str(),
            json!({ "enableTokenStorage": true }),
        ),
        ("DELETE", path.as_str(), json!({})),
        (
            "POST",
            "/api/connectors",
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
                    "scope": "profile email openid inference-api",
                    "profileMap": { "id": "sub", "email": "email", "name": "name", "avatar": "picture" },
                },
            }),
        ),
        (
            "PATCH",
            "/api/sign-in-exp",
            json!({ "socialSignInConnectorTargets": ["huggingface"] }),
        ),
        ("PATCH", "/api/account-center", json!({ "enabled": true })),
    ];
    let expected = expected.map(|(method, path, body)| (method.to_owned(), path.to_owned(), body));
    assert_eq!(writes(&tenant), expected);
}
