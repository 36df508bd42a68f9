//! The same for users, organizations and keys.

use std::time::{Duration, UNIX_EPOCH};

use logto_management::{
    NewOrganization, NewOrganizationRole, NewUser, RoleType, SigningKeyAlgorithm, SigningKeyStatus,
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::recorded::{MACHINE, read};
use crate::recorded_server::RecordedServer;

const ALICE: &str = "8s8claa1vi9z";
const ACME: &str = "wpmklpcc20gc";

#[tokio::test]
async fn organizations() {
    let (server, management) = RecordedServer::start().await;
    let template = management.organization_template();
    server.expect("POST", "/api/organization-scopes", "organization permission");
    template.add_scope("read:members", Some("Read members")).await.unwrap();

    server.expect("POST", "/api/organization-scopes", "ERROR duplicate organization scope");
    let error = template.add_scope("read:members", None).await.unwrap_err();
    assert_eq!(error.code(), Some("entity.unique_integrity_violation"));

    server.expect(
        "POST",
        "/api/organization-roles",
        "organization role (with org scopes + resource scope)",
    );
    let mut new = NewOrganizationRole::new("org-admin", RoleType::User);
    new.description = Some("admin".to_owned());
    new.organization_scope_ids =
        vec!["9n8orkit4fsqk53d7l4fu".to_owned(), "ifusf4omo3om9sko2o55j".to_owned()];
    new.resource_scope_ids = vec!["3lx8edwaul6ibbzp5ibmf".to_owned()];
    let role = template.add_role(&new).await.unwrap();

    let path = format!("/api/organization-roles/{}", role.id);
    server.expect("GET", &format!("{path}/scopes"), "");
    assert_eq!(template.scopes_of_role(&role.id).all().await.unwrap().len(), 2);
    server.expect("GET", &format!("{path}/resource-scopes"), "");
    let scopes = template.resource_scopes_of_role(&role.id).all().await.unwrap();
    assert_eq!(scopes[0].name, "read:things");

    let organizations = management.organizations();
    server.expect("POST", "/api/organizations", "create organization");
    let mut new = NewOrganization::new("Acme");
    new.description = Some("Lab organization".to_owned());
    new.custom_data = Some(read(json!({ "plan": "lab" })));
    assert_eq!(organizations.create(&new).await.unwrap().id, ACME);

    let path = format!("/api/organizations/{ACME}");
    server.expect("POST", &format!("{path}/users"), "alice to org");
    organizations.add_members(ACME, &[ALICE]).await.unwrap();
    server.expect("POST", &format!("{path}/users/roles"), "alice org role");
    organizations.give_roles(ACME, &[ALICE], &[&role.id]).await.unwrap();
    server.expect("POST", &format!("{path}/applications"), "add M2M app to organization");
    organizations.add_applications(ACME, &[MACHINE]).await.unwrap();
    let note = "give the M2M app an organization role";
    let call = server.expect("POST", &format!("{path}/applications/roles"), note);
    let role = call["body"]["organizationRoleIds"][0].as_str().unwrap();
    organizations.give_roles_to_applications(ACME, &[MACHINE], &[role]).await.unwrap();

    server.expect("DELETE", "/api/organizations/4x5tln8ibvmf", "");
    organizations.delete("4x5tln8ibvmf").await.unwrap();
    server.finish();
}

#[tokio::test]
async fn users_and_their_tokens() {
    let (server, management) = RecordedServer::start().await;
    let users = management.users();
    server.expect("POST", "/api/users", "create user");
    let mut new = NewUser::default();
    new.username = Some("dave".to_owned());
    new.password = Some("Sup3r$ecretPw!".into());
    new.name = Some("Dave Example".to_owned());
    new.primary_email = Some("dave@example.test".to_owned());
    let dave = users.create(&new).await.unwrap();

    server.expect("GET", &format!("/api/users/{}", dave.id), "read user");
    assert_eq!(users.get(&dave.id).await.unwrap().username.as_deref(), Some("dave"));

    server.expect("GET", "/api/users?search=alice%25", "find social user");
    let found = users.search("alice%").all().await.unwrap();
    let identity = &found[0].identities["huggingface"];
    assert_eq!(identity.details["rawData"]["preferred_username"], "alice-hf");

    server.expect("PATCH", &format!("/api/users/{ALICE}/is-suspended"), "suspend user");
    assert!(users.set_suspended(ALICE, true).await.unwrap().is_suspended);
    server.expect("POST", &format!("/api/users/{ALICE}/roles"), "role for alice");
    users.add_roles(ALICE, &["ipmtj00uiwx19xguk2jax"]).await.unwrap();

    server.expect("POST", "/api/subject-tokens", "subject token");
    let context = read(json!({ "reason": "support" }));
    let token = management.create_subject_token(ALICE, &context).await.unwrap();
    assert_eq!(token.subject_token.expose_secret(), "sub_secret");
    assert!(!format!("{token:?}").contains("sub_secret"));
    server.finish();
}

#[tokio::test]
async fn keys_and_claims() {
    let (server, management) = RecordedServer::start().await;
    let configs = management.configs();
    let path = "/api/configs/oidc/private-keys";
    server.expect("GET", path, "list signing keys");
    let keys = configs.signing_keys().await.unwrap();
    assert_eq!(keys[0].status, Some(SigningKeyStatus::Current));
    server.expect("POST", &format!("{path}/rotate"), "rotate signing key");
    let keys = configs.rotate_signing_key(SigningKeyAlgorithm::Rsa).await.unwrap();
    assert_eq!(keys[1].status, Some(SigningKeyStatus::Previous));
    server.expect("DELETE", &format!("{path}/psduqn34pdot7skhutvmt"), "delete key Current");
    let error = configs.delete_signing_key("psduqn34pdot7skhutvmt").await.unwrap_err();
    assert_eq!(error.code(), Some("oidc.only_previous_key_can_be_deleted"));
    server.expect("DELETE", &format!("{path}/58k1xv683dfm4i51na5cw"), "delete key Previous");
    configs.delete_signing_key("58k1xv683dfm4i51na5cw").await.unwrap();

    server.expect("GET", "/api/configs/id-token", "id token config");
    let claims = configs.id_token_claims().await.unwrap().enabled_extended_claims;
    server.expect("PUT", "/api/configs/id-token", "restore");
    let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
    configs.set_id_token_claims(&claims).await.unwrap();
    server.finish();
}

/// Recorded without the rest of its calls, from a Logto that keeps tokens.
#[tokio::test]
async fn an_identity_whose_token_is_kept() {
    let (server, management) = RecordedServer::start().await;
    let mut call = json!({
        "method": "GET", "path": format!("/api/users/{ALICE}/identities/huggingface?includeTokenSecret=true"),
        "status": 200,
        "response": {
            "identity": {
                "userId": "62a1f0c4d5e6f7a8b9c0d1e2",
                "details": { "id": "62a1f0c4d5e6f7a8b9c0d1e2", "rawData": { "preferred_username": "alice-hf" } },
            },
            "tokenSecret": {
                "tenantId": "default", "id": "l3r4v8ybnsnm2zznwrddm", "userId": ALICE, "type": "federated_token_set",
                "metadata": {
                    "scope": "openid profile email inference-api", "expiresAt": 1_795_374_144,
                    "tokenType": "bearer", "hasRefreshToken": true,
                },
                "createdAt": 1_795_345_344_838_u64, "updatedAt": 1_795_345_344_838_u64,
                "connectorId": "780v3kw7dsbh", "identityId": "62a1f0c4d5e6f7a8b9c0d1e2", "target": "huggingface",
            },
        },
    });
    server.then(call.clone());
    let users = management.users();
    let alice = users.identity(ALICE, "huggingface").await.unwrap();
    assert_eq!(alice.identity.details["rawData"]["preferred_username"], "alice-hf");
    let kept = alice.token_secret.unwrap().metadata;
    let ends = UNIX_EPOCH + Duration::from_secs(1_795_374_144);
    assert_eq!((kept.expires_at, kept.has_refresh_token), (Some(ends), true));
    assert!(kept.scope.unwrap().contains("inference-api"));
    call["response"].as_object_mut().unwrap().remove("tokenSecret");
    server.then(call);
    let alice = users.identity(ALICE, "huggingface").await.unwrap();
    assert!(alice.token_secret.is_none());
    server.finish();
}
