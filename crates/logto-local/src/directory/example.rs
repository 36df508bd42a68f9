//! The built-in resources, roles, and organizations.

use aws_lc_rs::error::Unspecified;
use serde_json::{Value, json};

use super::Directory;
use super::connectors::{Connector, HUGGING_FACE};
use super::table::row;
use crate::random;
use crate::scopes::THINGS;

/// The organization of alice and of the built-in machine.
pub(crate) const ORGANIZATION: &str = "wpmklpcc20gc";
/// The role of the built-in machine on the example API.
pub(crate) const MACHINE_ROLE: &str = "things-machine";

impl Directory {
    /// What `logto setup hugging-face --with-token-storage` makes of the example.
    pub(crate) fn keep_tokens(&mut self) {
        self.secret_vault = true;
        self.connectors = vec![Connector::hugging_face_with_tokens()];
        self.account_center.insert("enabled".to_owned(), true.into());
    }

    /// Users may see and change everything of their account.
    pub(crate) fn open_account_center(&mut self) {
        let fields = [
            "name",
            "avatar",
            "profile",
            "email",
            "phone",
            "password",
            "username",
            "social",
            "customData",
            "mfa",
            "session",
        ];
        let fields = fields.map(|field| (field.to_owned(), "Edit".into()));
        let fields = Value::Object(fields.into_iter().collect());
        self.account_center.insert("enabled".to_owned(), true.into());
        self.account_center.insert("fields".to_owned(), fields);
    }

    /// A tenant that is set up: the Hugging Face button, an API, roles and an organization.
    pub(crate) fn example(now_ms: u64, machine_id: &str) -> Self {
        let mut it = Self::new(now_ms);
        it.connectors.push(Connector::hugging_face());
        let seen = [
            ("socialSignInConnectorTargets", json!([HUGGING_FACE])),
            ("socialSignIn", json!({ "skipRequiredIdentifiers": true })),
        ];
        let seen = seen.map(|(member, value)| (member.to_owned(), value));
        it.sign_in_experience.extend(seen);
        it.resources.insert(row(json!({
            "id": "things", "name": "Example API", "indicator": THINGS, "isDefault": false, "accessTokenTtl": 3600,
        })));
        for scope in ["read:things", "write:things"] {
            it.scopes.insert(row(json!({
                "id": scope, "resourceId": "things", "name": scope, "description": scope, "createdAt": now_ms,
            })));
        }
        for scope in ["read:members", "invite:members"] {
            it.organization_scopes
                .insert(row(json!({ "id": scope, "name": scope, "description": null })));
        }
        let (read, all) = (json!(["read:things"]), json!(["read:things", "write:things"]));
        for (name, kind, scopes) in [
            ("things-editor", "User", &all),
            ("things-reader", "User", &read),
            (MACHINE_ROLE, "MachineToMachine", &read),
        ] {
            it.roles.insert(row(json!({
                "id": name, "name": name, "description": name, "type": kind, "isDefault": false, "scopeIds": scopes,
            })));
        }
        let members = json!(["read:members"]);
        it.organization_role("org-admin", &json!(["read:members", "invite:members"]), &all);
        it.organization_role("org-viewer", &members, &json!([]));
        it.organization_role("org-machine", &members, &json!([]));
        it.organizations.insert(row(json!({
            "id": ORGANIZATION, "name": "Acme", "description": "Lab organization", "createdAt": now_ms,
            "applicationIds": [machine_id], "applicationRoles": { machine_id: ["org-machine"] },
        })));
        it
    }

    /// An API whose permissions each have a role of the same name. Who may change things may do
    /// everything there, who may read them has the first permission.
    pub(crate) fn add_api(
        &mut self,
        indicator: &str,
        permissions: &[String],
        now_ms: u64,
    ) -> Result<(), Unspecified> {
        let resource = random::id(21)?;
        self.resources.insert(row(json!({
            "id": resource, "name": indicator, "indicator": indicator, "isDefault": false, "accessTokenTtl": 3600,
        })));
        for (place, name) in permissions.iter().enumerate() {
            let id = random::id(21)?;
            self.scopes.insert(row(json!({
                "id": id, "resourceId": resource, "name": name, "description": name, "createdAt": now_ms,
            })));
            let readers = ("things-reader", place == 0);
            for (role, _) in [("things-editor", true), readers].iter().filter(|(_, gets)| *gets) {
                let role = self.roles.get_mut(role);
                let scopes = role.and_then(|role| role.get_mut("scopeIds")?.as_array_mut());
                if let Some(scopes) = scopes {
                    scopes.push(id.as_str().into());
                }
            }
            self.roles.insert(row(json!({
                "id": random::id(21)?, "name": name, "description": name, "type": "User", "isDefault": false,
                "scopeIds": [id],
            })));
        }
        Ok(())
    }

    fn organization_role(&mut self, name: &str, members: &Value, things: &Value) {
        self.organization_roles.insert(row(json!({
            "id": name, "name": name, "description": null, "type": "User",
            "organizationScopeIds": members, "resourceScopeIds": things,
        })));
    }
}
