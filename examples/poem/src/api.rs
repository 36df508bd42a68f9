//! The API and its OpenAPI document, with poem-openapi.

use logto_poem::{Api, Authorized};
use poem_openapi::auth::Bearer;
use poem_openapi::payload::Json;
use poem_openapi::{OAuthScopes, OpenApi, OpenApiService, SecurityScheme};
use serde_json::{Value, json};

use crate::things::ReadThings;

pub(crate) struct Things;

#[OpenApi]
impl Things {
    /// The API. The route's signature is its authorization.
    #[oai(path = "/api/things", method = "get")]
    async fn things(
        &self,
        token: Authorized<ReadThings>,
        #[oai(scope = "Scope::ReadThings")] _described: LogtoScheme,
    ) -> Json<Value> {
        Json(json!({ "owner": token.sub(), "things": ["a lamp", "a chair"] }))
    }
}

/// Ask for the resource `https://api.example.test`
#[derive(SecurityScheme)]
#[oai(ty = "openid_connect", rename = "logto", openid_connect_url = "")]
struct LogtoScheme(#[expect(dead_code, reason = "`Authorized` reads it")] Bearer);

#[derive(OAuthScopes)]
enum Scope {
    #[oai(rename = "read:things")]
    ReadThings,
}

pub(crate) fn service() -> OpenApiService<Things, ()> {
    OpenApiService::new(Things, "Things", "1.0")
}

/// The document with the URL of the tenant, which only the running app knows.
pub(crate) fn document(
    service: &OpenApiService<Things, ()>,
    api: &Api,
) -> Result<Value, serde_json::Error> {
    let mut document: Value = serde_json::from_str(&service.spec())?;
    let url = "/components/securitySchemes/logto/openIdConnectUrl";
    if let Some(url) = document.pointer_mut(url) {
        *url = api.discovery_url().into();
    }
    Ok(document)
}
