//! An administrator who sets a tenant up.

use logto_local::LocalTenant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::management::{MANAGEMENT, machine_token};
use crate::support::{CALLBACK, client, form};

/// An administrator of a tenant.
pub(crate) struct Administrator {
    pub(crate) tenant: LocalTenant,
    pub(crate) token: String,
}

impl Administrator {
    pub(crate) async fn of(tenant: LocalTenant) -> Self {
        let token = machine_token(&tenant, MANAGEMENT).await;
        Self { tenant, token }
    }

    pub(crate) async fn of_an_empty_tenant() -> Self {
        Self::of(LocalTenant::builder().empty().start().await.unwrap()).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = client()
            .request(method, format!("{}{path}", self.tenant.endpoint()))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, body).await;
        assert!(status < 300, "{path}: {answer}");
        answer
    }

    pub(crate) async fn experience(&self, change: Value) {
        let (status, answer) = self.call(Method::PATCH, "/api/sign-in-exp", change).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// An app and its secret.
    pub(crate) async fn app(&self, kind: &str) -> (String, String) {
        let body = json!({
            "name": "app", "type": kind,
            "oidcClientMetadata": { "redirectUris": [CALLBACK], "postLogoutRedirectUris": [] },
        });
        let app = self.post("/api/applications", body).await;
        let id = app["id"].as_str().unwrap();
        let path = format!("/api/applications/{id}/secrets");
        let (_, secrets) = self.call(Method::GET, &path, Value::Null).await;
        (id.to_owned(), secrets[0]["value"].as_str().unwrap().to_owned())
    }

    /// A connector for Hugging Face that is not shown yet.
    pub(crate) async fn connector(&self) {
        let config = json!({ "clientId": "mine", "clientSecret": "secret", "scope": "profile" });
        let connector = json!({
            "id": "mine00000000", "connectorId": "huggingface-universal", "config": config,
        });
        self.post("/api/connectors", connector).await;
    }

    pub(crate) async fn button(&self) {
        self.connector().await;
        self.show_button().await;
    }

    pub(crate) async fn show_button(&self) {
        self.experience(json!({ "socialSignInConnectorTargets": ["huggingface"] })).await;
    }

    pub(crate) fn url(&self, app: &str, scope: &str) -> String {
        let query = form(&[
            ("client_id", app),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", scope),
        ]);
        format!("{}/oidc/auth?{query}", self.tenant.endpoint())
    }

    pub(crate) async fn token(
        &self,
        (id, secret): &(String, String),
        fields: &[(&str, &str)],
    ) -> (u16, Value) {
        let request = client().post(format!("{}/oidc/token", self.tenant.endpoint()));
        let request = request
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form(fields)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }
}
