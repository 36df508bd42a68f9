//! The built-in connector, replaced by one that keeps tokens.

use logto_local::LocalTenant;
use logto_management::provision::{HuggingFaceSetup, Warning};
use serde_json::{Value, json};

use crate::provision::{apply, titles};
use crate::recorded_server::{RecordedServer, call};
use crate::sent::storing_connector;
use crate::support::{BASE, empty, setup, sign_in_url, start};

#[tokio::test]
async fn the_built_in_connector_is_replaced_by_one_that_keeps_tokens() {
    let (tenant, management) = start(LocalTenant::builder().empty().secret_vault(true)).await;
    let first = apply(&setup(), &management).await;
    let storing = HuggingFaceSetup::new(BASE).with_app_name("demo").with_token_storage(true);
    let plan = apply(&storing, &management).await;
    assert_eq!(
        titles(&plan),
        [
            "replace the connector for Hugging Face by one that keeps tokens",
            "let apps read the tokens of the users who are signed in to them",
        ]
    );
    assert!(plan.warnings.contains(&Warning::ConnectorReplaced));
    assert_eq!(
        plan.changes[0].to_string(),
        "replace the connector for Hugging Face by one that keeps tokens
  - kind: huggingface-universal
  + kind: oauth2
  - scope: profile email
  + scope: profile email openid
  + token storage: on"
    );
    assert_eq!(plan.connector_id(), first.connector_id());
    let connector = management.connectors().get(plan.connector_id()).await.unwrap();
    assert_eq!(connector.connector_id, "oauth2");
    assert!(connector.enable_token_storage);
    assert_eq!(connector.config.text("clientSecret"), Some("hf-client-secret"));
    let again = storing.plan(&management).await.unwrap();
    assert!(again.is_empty(), "{:?}", titles(&again));
    let apps = management.applications().list().all().await.unwrap();
    let app = apps.iter().find(|app| app.name == "demo").unwrap();
    tenant.sign_in(&sign_in_url(&tenant, &app.id), "alice").await.unwrap();
}

#[tokio::test]
async fn a_logto_that_cannot_keep_tokens_loses_nothing() {
    let (_tenant, management) = empty().await;
    apply(&setup(), &management).await;
    let plan = setup().with_token_storage(true).plan(&management).await.unwrap();
    let error = plan.apply(&management, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("SECRET_VAULT_KEK"), "{error}");
    assert!(error.done().is_empty());
    assert!(setup().plan(&management).await.unwrap().is_empty());
}

/// Logto goes out of order between the connector that is deleted and the one that is created.
#[tokio::test]
async fn a_connector_that_cannot_be_replaced_is_put_back() {
    let (_tenant, management) = start(LocalTenant::builder().empty().secret_vault(true)).await;
    apply(&setup(), &management).await;
    let plan = setup().with_token_storage(true).plan(&management).await.unwrap();
    let id = plan.connector_id().to_owned();

    let (server, management) = RecordedServer::start().await;
    let of_it = |method: &str, status: u16, response: Value| {
        let path = format!("/api/connectors/{id}");
        json!({ "method": method, "path": path, "status": status, "response": response })
    };
    let no = json!({ "code": "connector.token_storage_not_supported", "message": "no" });
    let mut keep = of_it("PATCH", 422, no);
    keep["body"] = json!({ "enableTokenStorage": true });
    let mut there =
        call("GET", "/api/connectors/780v3kw7dsbh", "read connector")["response"].clone();
    there["id"] = id.as_str().into();
    let mut create = call("POST", "/api/connectors", "create Hugging Face connector");
    let mut back = create.clone();
    create["status"] = 503.into();
    create["body"] = storing_connector(&id, "profile email openid");
    back["body"]["id"] = id.as_str().into();
    for expected in [
        keep,
        of_it("GET", 200, there),
        of_it("DELETE", 204, json!("")),
        create,
        back,
        call("GET", "/api/sign-in-exp", "default sign-in experience"),
        call("PATCH", "/api/sign-in-exp", "enable the Hugging Face button"),
    ] {
        server.then(expected);
    }
    let error = plan.apply(&management, |_| {}).await.unwrap_err();
    assert_eq!(error.error().status(), Some(503), "{error}");
    server.finish();
}
