//! Every error that was recorded, and the sentence that a user reads if a set-up meets it.

use std::collections::BTreeSet;

use logto_management::Error;
use logto_management::provision::advice;
use serde_json::{Value, json};

use crate::recorded_server::{RecordedServer, recorded};

/// What a set-up never sends a request for: APIs, roles, organizations, users, keys, other sign-up
/// settings.
const ELSEWHERE: [&str; 11] = [
    "application.invalid_role_type",
    "entity.unique_integrity_violation",
    "oidc.only_previous_key_can_be_deleted",
    "resource.cannot_delete_management_api",
    "resource.resource_identifier_in_use",
    "role.name_in_use",
    "role.role_exists",
    "scope.name_exists",
    "scope.name_with_space",
    "sign_in_experiences.enabled_connector_not_found",
    "user.username_already_in_use",
];

async fn error(call: &Value) -> Error {
    let (server, management) = RecordedServer::start().await;
    let mut read = call.clone();
    read["method"] = "GET".into();
    read["path"] = "/api/applications".into();
    read.as_object_mut().unwrap().remove("body");
    server.then(read.clone());
    // What is refused with 401 is asked for twice.
    server.then(read);
    let request = management.get(&["applications"]);
    request.done().await.unwrap_err()
}

#[tokio::test]
async fn every_recorded_error_that_a_set_up_can_meet_has_a_sentence() {
    let mut codes = BTreeSet::new();
    for call in recorded() {
        if call["status"].as_u64() < Some(400) {
            continue;
        }
        let code = call["response"]["code"].as_str().unwrap();
        let told = advice(&error(&call).await);
        // A request that this crate makes is complete; only addresses come from outside.
        let about_addresses = call["response"]["details"]
            .as_str()
            .is_some_and(|details| details.contains("oidcClientMetadata"));
        let met = match code {
            "guard.invalid_input" => about_addresses,
            "auth.authorization_header_missing" => false,
            code => !ELSEWHERE.contains(&code),
        };
        assert_eq!(told.is_some(), met, "{call}: {told:?}");
        codes.insert(code.to_owned());
    }
    assert!(codes.len() > 12, "{codes:?}");
}

/// Recorded without the rest of their calls.
#[tokio::test]
async fn the_errors_about_keeping_tokens_have_sentences() {
    for (status, code, told) in [
        (422, "request.feature_not_supported", "SECRET_VAULT_KEK"),
        (422, "connector.token_storage_not_supported", "cannot keep tokens"),
        (422, "connector.multiple_target_with_same_platform", "it is adopted"),
        (403, "auth.forbidden", "Logto Management API access"),
    ] {
        let call = json!({ "status": status, "response": { "code": code, "message": "no" } });
        let sentence = advice(&error(&call).await).unwrap();
        assert!(sentence.contains(told), "{code}: {sentence}");
    }
}
