//! Validation of connectors.

use serde_json::{Value, json};

use super::input::Issues;
use super::refused::Refused;
use crate::directory::{Connector, Directory, Row, factory, row, text};

pub(super) fn check_new(directory: &Directory, body: &Row) -> Result<(), Refused> {
    let mut issues = Issues::default();
    issues.text(body, "connectorId");
    issues.check()?;
    let factory = factory(text(body, "connectorId")).ok_or_else(|| {
        let message = "Can not find connector with given standard connector id.";
        Refused::unprocessable("connector.not_found_with_connector_id", message)
    })?;
    let standard = factory.get("isStandard") == Some(&Value::Bool(true));
    let metadata = body.get("metadata").cloned().map(row).unwrap_or_default();
    let target = match (standard, text(&metadata, "target")) {
        (true, "") => {
            let message = "You should specify 'target'.";
            return Err(Refused::bad_request("connector.should_specify_target", message));
        }
        (true, target) => target,
        (false, _) if !metadata.is_empty() => {
            let code = "connector.cannot_overwrite_metadata_for_non_standard_connector";
            let message = "This connector's 'metadata' cannot be overwritten.";
            return Err(Refused::bad_request(code, message));
        }
        (false, _) => text(factory, "target"),
    };
    check_storage(directory.secret_vault, factory, body)?;
    for other in &directory.connectors {
        check_other(other, text(factory, "id"), target, standard)?;
    }
    let config = body.get("config").cloned().map(row).unwrap_or_default();
    check_config(factory, &config)
}

fn check_other(
    other: &Connector,
    factory_id: &str,
    target: &str,
    standard: bool,
) -> Result<(), Refused> {
    if other.factory == factory_id && !standard {
        let message = "Can not create multiple instance with picked standard connector.";
        return Err(Refused::unprocessable("connector.multiple_instances_not_supported", message));
    }
    if other.target() == target {
        let message =
            "You can not have multiple social connectors that have same target and platform.";
        let name = factory(&other.factory).and_then(|factory| factory.get("name"));
        let data = json!({ "connectorId": other.factory, "connectorName": name });
        let refused =
            Refused::unprocessable("connector.multiple_target_with_same_platform", message);
        return Err(refused.with_data(data));
    }
    Ok(())
}

/// Keeping tokens needs a key of the server, and a connector that can.
pub(super) fn check_storage(vault: bool, factory: &Row, body: &Row) -> Result<(), Refused> {
    if body.get("enableTokenStorage") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    if !vault {
        let message = "This feature is not supported in the current environment.";
        return Err(Refused::unprocessable("request.feature_not_supported", message));
    }
    if factory.get("isTokenStorageSupported") != Some(&Value::Bool(true)) {
        let message = "This connector does not support token storage. ";
        return Err(Refused::unprocessable("connector.token_storage_not_supported", message));
    }
    Ok(())
}

/// What each connector cannot do without.
pub(super) fn check_config(factory: &Row, config: &Row) -> Result<(), Refused> {
    let required: &[&str] = match text(factory, "id") {
        "huggingface-universal" => &["clientId", "clientSecret"],
        _ => &["authorizationEndpoint", "tokenEndpoint", "clientId", "clientSecret"],
    };
    let mut issues = Issues::default();
    for member in required {
        issues.text(config, member);
    }
    if text(factory, "id") == "oidc" {
        issues.object(config, "idTokenVerificationConfig");
    }
    issues.refuse("connector.invalid_config", "The connector's config is invalid.")
}
