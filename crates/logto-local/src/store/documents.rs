//! What is known of clients with a metadata document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::directory::{Directory, text};

/// Off until an administrator says otherwise.
#[derive(Default)]
pub(crate) struct Documents {
    pub(crate) enabled: bool,
    /// What stands in for the internet: this tenant fetches nothing.
    pub(crate) published: BTreeMap<String, Value>,
    /// What such clients may ask for, besides `openid` and `offline_access`.
    pub(crate) user_scopes: BTreeSet<String>,
    /// By the ids of the scopes.
    pub(crate) resource_scopes: BTreeSet<String>,
}

impl Documents {
    /// As after an administrator switched them on and let them ask for these permissions.
    pub(crate) fn open_for(&mut self, directory: &Directory, apis: &[(String, Vec<String>)]) {
        self.enabled = true;
        self.user_scopes.extend(["email", "profile"].map(str::to_owned));
        for (indicator, _) in apis {
            let resource = directory.resources.find("indicator", indicator);
            let id = resource.map(|resource| text(resource, "id")).unwrap_or_default();
            let scopes = directory.scopes.rows().filter(|scope| text(scope, "resourceId") == id);
            self.resource_scopes.extend(scopes.map(|scope| text(scope, "id").to_owned()));
        }
    }

    /// Whether a client of this kind may ask for the scope. Those of resources that it may not are
    /// dropped without a word, other ones are refused.
    pub(crate) fn allows(&self, scope: &str) -> bool {
        matches!(scope, "openid" | "offline_access") || self.user_scopes.contains(scope)
    }

    /// Whether the ceiling has the scope of one of these resources.
    pub(crate) fn allows_for(
        &self,
        directory: &Directory,
        resources: &[String],
        scope: &str,
    ) -> bool {
        self.resource_scopes.iter().filter_map(|id| directory.scopes.get(id)).any(|row| {
            let resource = directory.resources.get(text(row, "resourceId"));
            let indicator = resource.map(|resource| text(resource, "indicator"));
            text(row, "name") == scope
                && indicator.is_some_and(|it| resources.iter().any(|one| one == it))
        })
    }
}
