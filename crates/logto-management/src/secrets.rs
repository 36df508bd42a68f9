//! Redaction of secrets.

use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::time::optional_millis;

/// Members of requests and of connector configurations whose value must not be shown.
pub(crate) fn is_secret(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    ["secret", "password", "token", "privatekey", "credential"]
        .iter()
        .any(|word| member.ends_with(word))
}

/// The secret texts of a body, however deep.
pub(crate) fn secrets_of(body: &Value) -> Vec<&str> {
    match body {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if is_secret(name) => vec![text.as_str()],
                value => secrets_of(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(secrets_of).collect(),
        _ => Vec::new(),
    }
}

/// A secret to make: an application's, or a personal access token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSecret<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_millis")]
    pub(crate) expires_at: Option<SystemTime>,
}

/// For the bodies that have to carry a secret.
pub(crate) fn expose<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose_secret()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_however_deep() {
        let body = serde_json::json!({
            "config": { "clientId": "public", "clientSecret": "one" },
            "list": [{ "password": "two" }],
        });
        assert_eq!(secrets_of(&body), ["one", "two"]);
    }
}
