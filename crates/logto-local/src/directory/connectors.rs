//! Connectors, and their factories.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::table::{Row, row, text};

pub(crate) const HUGGING_FACE: &str = "huggingface";

pub(crate) struct Connector {
    pub(crate) id: String,
    /// The id of the factory.
    pub(crate) factory: String,
    pub(crate) config: Row,
    /// Of a standard connector: target, name and logo.
    pub(crate) metadata: Row,
    pub(crate) sync_profile: bool,
    pub(crate) token_storage: bool,
}

impl Connector {
    /// The built-in Hugging Face connector of the example tenant.
    pub(crate) fn hugging_face() -> Self {
        Self {
            id: "huggingface0".to_owned(),
            factory: "huggingface-universal".to_owned(),
            config: row(json!({
                "clientId": "hf-client-id", "clientSecret": "local-hf-client-secret", "scope": "profile email",
            })),
            metadata: Row::new(),
            sync_profile: false,
            token_storage: false,
        }
    }

    /// The connector that keeps tokens, with the same id.
    pub(crate) fn hugging_face_with_tokens() -> Self {
        Self {
            factory: "oauth2".to_owned(),
            config: row(json!({
                "authorizationEndpoint": "https://huggingface.co/oauth/authorize",
                "tokenEndpoint": "https://huggingface.co/oauth/token",
                "userInfoEndpoint": "https://huggingface.co/oauth/userinfo",
                "tokenEndpointResponseType": "json", "clientId": "hf-client-id",
                "clientSecret": "local-hf-client-secret", "scope": "openid profile email inference-api",
                "profileMap": { "id": "sub", "email": "email", "name": "name", "avatar": "picture" },
            })),
            metadata: row(json!({ "target": HUGGING_FACE, "name": { "en": "Hugging Face" } })),
            token_storage: true,
            ..Self::hugging_face()
        }
    }

    pub(crate) fn target(&self) -> &str {
        match text(&self.metadata, "target") {
            "" => factory(&self.factory).map_or("", |factory| text(factory, "target")),
            target => target,
        }
    }

    /// As the Management API shows it: what its factory says, and what was set.
    pub(crate) fn json(&self) -> Value {
        let mut shown = factory(&self.factory).cloned().unwrap_or_default();
        shown.extend(self.metadata.clone());
        shown.extend(row(json!({
            "id": self.id, "connectorId": self.factory, "config": self.config, "metadata": self.metadata,
            "syncProfile": self.sync_profile, "enableTokenStorage": self.token_storage, "extraInfo": {},
        })));
        Value::Object(shown)
    }
}

/// Three of Logto's connectors, with placeholders for logo and manual.
pub(crate) fn factories() -> &'static [Row] {
    static FACTORIES: LazyLock<Vec<Row>> =
        LazyLock::new(|| serde_json::from_str(include_str!("factories.json")).unwrap_or_default());
    &FACTORIES
}

pub(crate) fn factory(id: &str) -> Option<&'static Row> {
    factories().iter().find(|factory| text(factory, "id") == id)
}
