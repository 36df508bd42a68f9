//! What an administrator sets up: connectors, the sign-in experience, resources, roles,
//! organizations.

mod access;
mod connectors;
pub(crate) mod example;
mod table;

use serde_json::{Map, Value};

pub(crate) use connectors::{Connector, HUGGING_FACE, factories, factory};
pub(crate) use table::{Row, Table, row, text, texts, visible};

use crate::scopes::MANAGEMENT;

/// The seeded role that opens the Management API to a machine-to-machine app.
pub(crate) const MANAGEMENT_ROLE: &str = "management-api-access";

pub(crate) struct Directory {
    pub(crate) connectors: Vec<Connector>,
    pub(crate) sign_in_experience: Row,
    pub(crate) account_center: Row,
    pub(crate) id_token_claims: Row,
    pub(crate) resources: Table,
    /// The permissions of all resources.
    pub(crate) scopes: Table,
    pub(crate) roles: Table,
    pub(crate) organizations: Table,
    /// The permissions of the organization template.
    pub(crate) organization_scopes: Table,
    pub(crate) organization_roles: Table,
    pub(crate) hooks: Table,
    pub(crate) invitations: Table,
    pub(crate) one_time_tokens: Table,
    /// Whether the server has a key to keep the tokens of users with.
    pub(crate) secret_vault: bool,
}

impl Directory {
    /// A new tenant: the Management API, the role that opens it, and a sign-in page without
    /// buttons.
    pub(crate) fn new(now_ms: u64) -> Self {
        let mut resources = Table::default();
        resources.insert(row(serde_json::json!({
            "id": "management-api", "name": "Logto Management API", "indicator": MANAGEMENT,
            "isDefault": false, "accessTokenTtl": 3600,
        })));
        let mut scopes = Table::default();
        scopes.insert(row(serde_json::json!({
            "id": "management-api-all", "resourceId": "management-api", "name": "all",
            "description": "Default scope for Management API, allows all permissions.", "createdAt": now_ms,
        })));
        let mut roles = Table::default();
        roles.insert(row(serde_json::json!({
            "id": MANAGEMENT_ROLE, "name": "Logto Management API access", "type": "MachineToMachine",
            "description": "This default role grants access to the Logto management API.",
            "isDefault": false, "scopeIds": ["management-api-all"],
        })));
        Self {
            connectors: Vec::new(),
            sign_in_experience: read(include_str!("sign_in_experience.json")),
            account_center: row(serde_json::json!({
                "tenantId": "default", "id": "default", "enabled": false, "fields": {},
                "webauthnRelatedOrigins": [], "deleteAccountUrl": null, "customCss": null, "profileFields": null,
            })),
            id_token_claims: row(serde_json::json!({
                "enabledExtendedClaims": ["roles", "organizations", "organization_roles"],
            })),
            resources,
            scopes,
            roles,
            organizations: Table::default(),
            organization_scopes: Table::default(),
            organization_roles: Table::default(),
            hooks: Table::default(),
            invitations: Table::default(),
            one_time_tokens: Table::default(),
            secret_vault: false,
        }
    }

    /// The connector behind the button of a target, if the button is there.
    pub(crate) fn button(&self, target: &str) -> Option<&Connector> {
        let targets = self.sign_in_experience.get("socialSignInConnectorTargets")?;
        let shown = targets.as_array()?.iter().any(|one| one == target);
        self.connectors.iter().find(|connector| shown && connector.target() == target)
    }

    /// Whether registration is closed.
    pub(crate) fn is_closed(&self) -> bool {
        text(&self.sign_in_experience, "signInMode") == "SignIn"
    }

    /// Whether a user who comes by a button for the first time has to choose a user name.
    pub(crate) fn requires_user_name(&self) -> bool {
        let member =
            |group: &str, name: &str| self.sign_in_experience.get(group)?.get(name).cloned();
        let required = member("signUp", "identifiers");
        let skipped = member("socialSignIn", "skipRequiredIdentifiers");
        let names = |list: &Value| {
            list.as_array().is_some_and(|list| list.iter().any(|one| one == "username"))
        };
        required.as_ref().is_some_and(names) && skipped != Some(Value::Bool(true))
    }
}

/// A document of this crate.
fn read(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
