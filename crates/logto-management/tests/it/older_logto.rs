//! What Logto 1.37 answers can be read too.

use std::path::Path;

use logto_management::{
    Application, Connector, ConnectorFactory, IdTokenClaimsSettings, Organization,
    OrganizationRole, Resource, Role, SignInExperienceSettings, SigningKey, User,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn answer<T: DeserializeOwned>(call: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/answers-1.37.json");
    let mut all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(all[call].take()).unwrap_or_else(|error| panic!("{call}: {error}"))
}

#[test]
fn its_answers_are_read() {
    let app: Application = answer("POST /api/applications");
    assert_eq!(app.oidc_client_metadata.redirect_uris, ["http://localhost:3000/callback"]);
    let factories: Vec<ConnectorFactory> = answer("GET /api/connector-factories");
    assert_eq!(factories[0].id, "huggingface-universal");
    let connectors: Vec<Connector> = answer("GET /api/connectors");
    assert_eq!(connectors[0].target.as_deref(), Some("huggingface"));
    let experience: SignInExperienceSettings = answer("GET /api/sign-in-exp");
    assert_eq!(experience.sign_up.identifiers, ["username"]);
    let keys: Vec<SigningKey> = answer("GET /api/configs/oidc/private-keys");
    assert_eq!(keys.len(), 1);
    let users: Vec<User> = answer("GET /api/users?search=alice%25");
    assert!(users[0].identities.contains_key("huggingface"));
    let roles: Vec<Role> = answer("GET /api/roles?type=MachineToMachine");
    assert_eq!(roles[0].name, "Logto Management API access");
    let resources: Vec<Resource> = answer("GET /api/resources");
    assert!(resources.iter().any(|one| one.id == "management-api"));
    let organization: Organization = answer("POST /api/organizations");
    assert_eq!(organization.name, "Acme");
    let role: OrganizationRole = answer("POST /api/organization-roles");
    assert_eq!(role.name, "org-machine");
    let claims: IdTokenClaimsSettings = answer("GET /api/configs/id-token");
    assert!(!claims.enabled_extended_claims.is_empty());
}
